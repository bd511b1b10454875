import type { ValidationRule } from 'graphql';
import type { Area, Operation } from './area.ts';
import { announcementArea } from './areas/announcements.ts';
import { attackLossArea } from './areas/attackLoss.ts';
import { approvalArea } from './areas/approvals.ts';
import { auditTrail } from './areas/auditTrail.ts';
import { explanations } from './areas/explanations.ts';
import { installation } from './areas/installation.ts';
import { keys } from './areas/keys.ts';
import { lessonArea } from './areas/lessons.ts';
import { playbookArea } from './areas/playbooks.ts';
import { ltiArea } from './areas/lti.ts';
import { progressArea } from './areas/progress.ts';
import { models } from './areas/models.ts';
import { monitorArea } from './areas/monitors.ts';
import { organisations } from './areas/organisations.ts';
import { reports } from './areas/reports.ts';
import { runs } from './areas/runs.ts';
import { scenarioArea } from './areas/scenarios.ts';
import { uploadArea } from './areas/uploads.ts';
import { webhookArea } from './areas/webhooks.ts';
import { verdicts } from './areas/verdicts.ts';
import { costMeter, limitRule } from './limits.ts';
import { runsInstallation, type Principal } from './auth.ts';

/** All areas, in the order in which the schema has them. */
export const AREAS: Readonly<Record<string, Area>> = {
  installation,
  models,
  runs,
  reports,
  explanations,
  attackLoss: attackLossArea,
  verdicts,
  announcements: announcementArea,
  webhooks: webhookArea,
  scenarios: scenarioArea,
  lessons: lessonArea,
  progress: progressArea,
  lti: ltiArea,
  uploads: uploadArea,
  auditTrail,
  approvals: approvalArea,
  monitors: monitorArea,
  playbooks: playbookArea,
  keys,
  organisations,
};

const rows = Object.values(AREAS);
const merged = <T>(part: (area: Area) => Readonly<Record<string, T>> | undefined) =>
  Object.assign({}, ...rows.map(part)) as Readonly<Record<string, T>>;

/** Every root field, by name. */
export const OPERATIONS: Readonly<Record<string, Operation>> = merged((area) => area.operations);

export function mayUse(principal: Principal, name: string): boolean {
  const operation = OPERATIONS[name];
  if (!operation?.roles.includes(principal.role)) return false;
  if (!isInScope(principal, name, operation)) return false;
  return operation.reach === undefined || runsInstallation(principal);
}

/** A scope is an operation; `read` is all that changes nothing. */
const isInScope = ({ scopes }: Principal, name: string, { on }: Operation): boolean =>
  scopes === undefined || scopes.has(name) || (scopes.has('read') && on !== 'Mutation');

export const isScope = (text: string): boolean =>
  text === 'read' || Object.hasOwn(OPERATIONS, text);

export const operationsOf = (principal: Principal): string[] =>
  Object.keys(OPERATIONS).filter((operation) => mayUse(principal, operation));

/** What a document may cost, by what its fields cost. */
const COSTS = [merged((area) => area.costs), merged((area) => area.lists)] as const;
export const costRule: ValidationRule = limitRule(...COSTS);
export const METER = costMeter(...COSTS);
