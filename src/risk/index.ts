export { align, type Alignment, type Deviation, type DeviationReason } from './align.ts';
export { assessRisk, type RiskAssessment } from './assess.ts';
export type { ModelCard } from './card.ts';
export { chainOfValuation, type StateChain } from './chain.ts';
export { readEventLog, type EventLog, type LogCase, type LogEvent } from './eventLog.ts';
export { exploreLosses, type Explored, type Loss } from './explored.ts';
export {
  branchWeights,
  generateLog,
  readWeights,
  trueProbability,
  type Weights,
} from './generate.ts';
export { RISK_DEFAULTS, type RiskOptions, type RiskRequest } from './request.ts';
export { EVENT_LOG_SCHEMA, MODEL_CARD_SCHEMA, RISK_SCHEMA } from './schemas.ts';
