export { align, type Alignment, type CaseEnd } from './align.ts';
export { assessRisk, type RiskAssessment } from './assess.ts';
export type { ModelCard } from './card.ts';
export { chainOfValuation, type StateChain } from './chain.ts';
export { readEventLog, readEventLogFile } from '../eventLog/eventLog.ts';
export type { EventLog, LogCase, LogEvent } from '../eventLog/log.ts';
export type { LogOptions } from '../eventLog/rows.ts';
export { readInstant } from '../eventLog/instants.ts';
export { exploreLosses, type ExploredLosses, type Loss } from './explored.ts';
export {
  branchWeights,
  generateLog,
  readWeights,
  trueProbability,
  type Weights,
} from './generate.ts';
export type { Deviation, DeviationReason } from './matcher.ts';
export { METHOD_VERSION } from './card.ts';
export { RISK_DEFAULTS, type RiskOptions, type RiskRequest } from './request.ts';
export { EVENT_LOG_SCHEMA, MODEL_CARD_SCHEMA, RISK_SCHEMA } from './schemas.ts';
