import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';
import type { Incident } from './incidents.ts';
import { meanOf } from './rates.ts';
import {
  readMeasures,
  readPerPeriod,
  readRates,
  readSeverities,
  type Uncertainty,
  type WrongAt,
} from './readUncertain.ts';
import { meanSeverity } from './severity.ts';

/** Each group event is conditioned on: 2ⁿ passes over the diagram. */
export const MAX_COMMON_CAUSES = 12;

export interface LossProperty {
  readonly name: string;
  readonly sets: readonly (readonly string[])[];
  /** `true`, or the size up to which the sets are complete. */
  readonly complete: true | number;
}

/** What is asked: minimal attack sets, as `probity threats --json` prints them, and rates. */
export interface LossQuestion {
  readonly properties: readonly LossProperty[];
  /** P(the threat is attempted at least once in a unit and gets through), by id. */
  readonly q: ReadonlyMap<string, number>;
  readonly commonCause: readonly { readonly members: readonly string[]; readonly q: number }[];
  /** Loss in EUR where the property breaks. */
  readonly severity: ReadonlyMap<string, number>;
  /** Properties of which only the largest severity counts. */
  readonly lossGroups: readonly (readonly string[])[];
  readonly cases: number;
  /** What stands behind the numbers, where they are no plain ones. */
  readonly uncertain?: Uncertainty;
}

type Fields = Readonly<Record<string, unknown>>;
const RISK_FIELDS = [
  'q',
  'commonCause',
  'severity',
  'lossGroups',
  'cases',
  'perPeriod',
  'measures',
  'observation',
  'priors',
];

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;
const isNames = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');
const isProbability = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= 1;

/**
 * Reads `{sets, risk}`, or `{risk}` with the sets beside it; all problems at once, each at its
 * place
 * (`LOSS_SHAPE`).
 */
export function readLossQuestion(
  text: string,
  sets?: string,
  incidents?: readonly Incident[],
): Result<LossQuestion> {
  let [json, beside]: unknown[] = [];
  try {
    json = JSON.parse(text);
    if (sets !== undefined) beside = JSON.parse(sets);
  } catch (error) {
    return bad(
      problem('LOSS_SHAPE', '', `not JSON: ${error instanceof Error ? error.message : ''}`),
    );
  }
  const problems: Problem[] = [];
  const wrong = (path: string, message: string): void => {
    problems.push(problem('LOSS_SHAPE', path, message));
  };
  const attacks = fieldsOf(beside ?? fieldsOf(json)?.['sets']);
  const risk = fieldsOf(fieldsOf(json)?.['risk']);
  if (!attacks || !risk)
    return bad(
      problem(
        'LOSS_SHAPE',
        '',
        'give `{"sets": …, "risk": {"q": {"id": number, …}}}`; `sets` is what `probity threats --json` prints',
      ),
    );
  for (const key of Object.keys(risk).filter((each) => !RISK_FIELDS.includes(each)))
    wrong(`risk.${key}`, `there is no \`${key}\`; there are ${RISK_FIELDS.join(', ')}`);
  const properties = readProperties(attacks['properties'], wrong);
  const { observation, priors } = risk;
  const { rates, derivations } = readRates(risk['q'], { incidents, observation, priors }, wrong);
  const q = new Map([...rates].map(([id, rate]) => [id, meanOf(rate)]));
  const commonCause = readCommonCauses(risk['commonCause'], wrong);
  const severities = readSeverities(risk['severity'], wrong);
  const severity = new Map([...severities].map(([name, each]) => [name, meanSeverity(each)]));
  const known = new Set(rates.keys());
  const perPeriod = readPerPeriod(risk['perPeriod'], known, wrong);
  const measures = readMeasures(risk['measures'], known, wrong);
  const lossGroups = readLossGroups(risk['lossGroups'], wrong);
  const { cases = 1 } = risk;
  if (!(typeof cases === 'number' && Number.isSafeInteger(cases) && cases > 0))
    wrong('risk.cases', 'a whole number from 1');
  const named = { properties, severity, lossGroups, commonCause };
  nameProblems(named, fieldsOf(risk['q']) ?? {}, wrong);
  return problems.length > 0
    ? bad(...problems)
    : ok({
        properties,
        q,
        commonCause,
        severity,
        lossGroups,
        cases: cases as number,
        uncertain: { rates, derivations, severities, perPeriod, measures },
      });
}

/** Names that the sets have not, and ids of attacks without a probability. */
function nameProblems(
  {
    properties,
    severity,
    lossGroups,
    commonCause,
  }: Pick<LossQuestion, 'properties' | 'severity' | 'lossGroups' | 'commonCause'>,
  q: Fields,
  wrong: WrongAt,
): void {
  const names = new Set(properties.map(({ name }) => name));
  for (const [path, name] of [
    ...[...severity.keys()].map((name) => [`risk.severity.${name}`, name] as const),
    ...lossGroups.flat().map((name) => ['risk.lossGroups', name] as const),
  ])
    if (!names.has(name)) wrong(path, `the sets have no property \`${name}\``);
  const rated = new Set([...Object.keys(q), ...commonCause.flatMap(({ members }) => members)]);
  for (const id of new Set(properties.flatMap(({ sets: each }) => each.flat())))
    if (!rated.has(id)) wrong('risk.q', `the attacks use \`${id}\`, which has no probability`);
}

function readCommonCauses(value: unknown, wrong: WrongAt): LossQuestion['commonCause'] {
  const commonCause = listOf(value, 'risk.commonCause', wrong).flatMap((each, at) => {
    const { members, q: chance } = fieldsOf(each) ?? {};
    if (isNames(members) && isProbability(chance)) return [{ members, q: chance }];
    wrong(`risk.commonCause.${at}`, 'give `{"members": [ids], "q": a probability from 0 to 1}`');
    return [];
  });
  if (commonCause.length > MAX_COMMON_CAUSES)
    wrong('risk.commonCause', `at most ${MAX_COMMON_CAUSES} groups are looked at together`);
  return commonCause;
}

function readLossGroups(value: unknown, wrong: WrongAt): LossQuestion['lossGroups'] {
  const lossGroups = listOf(value, 'risk.lossGroups', wrong).flatMap((each, at) => {
    if (isNames(each)) return [each];
    wrong(`risk.lossGroups.${at}`, 'a list of names of properties');
    return [];
  });
  for (const name of repeated(lossGroups.flat()))
    wrong('risk.lossGroups', `\`${name}\` is in two groups; its loss would count twice`);
  return lossGroups;
}

function readProperties(value: unknown, wrong: WrongAt): LossProperty[] {
  if (!Array.isArray(value)) wrong('sets.properties', 'a list is needed');
  const read = listOf(value, 'sets.properties', wrong).flatMap((each, at): LossProperty[] => {
    const { name, minimalAttackSets, complete } = fieldsOf(each) ?? {};
    const sets = Array.isArray(minimalAttackSets)
      ? minimalAttackSets.map((set) => fieldsOf(set)?.['threats'])
      : undefined;
    const upTo = complete === true ? true : fieldsOf(complete)?.['upTo'];
    const isComplete =
      upTo === true || (typeof upTo === 'number' && Number.isSafeInteger(upTo) && upTo >= 0);
    if (typeof name === 'string' && sets?.every(isNames) === true && isComplete)
      return [{ name, sets: sets as string[][], complete: upTo as true | number }];
    wrong(
      `sets.properties.${at}`,
      'give `{"name", "minimalAttackSets": [{"threats": [ids]}], "complete": true or {"upTo": k}}`',
    );
    return [];
  });
  for (const name of repeated(read.map((each) => each.name)))
    wrong('sets.properties', `\`${name}\` is there twice`);
  return read;
}

function listOf(value: unknown, path: string, wrong: WrongAt): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  wrong(path, 'a list is needed');
  return [];
}

const repeated = (names: readonly string[]): Set<string> =>
  new Set(names.filter((name, at) => names.indexOf(name) !== at));
