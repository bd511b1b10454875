import { bad, ok, problem, type Problem, type Result } from '../../errors/index.ts';

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
}

type Fields = Readonly<Record<string, unknown>>;
const RISK_FIELDS = ['q', 'commonCause', 'severity', 'lossGroups', 'cases'];

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
export function readLossQuestion(text: string, sets?: string): Result<LossQuestion> {
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
  const names = new Set(properties.map(({ name }) => name));
  const q = readNumbers(risk['q'], 'risk.q', isProbability, 'a probability from 0 to 1', wrong);
  const commonCause = listOf(risk['commonCause'], 'risk.commonCause', wrong).flatMap((each, at) => {
    const { members, q: chance } = fieldsOf(each) ?? {};
    if (isNames(members) && isProbability(chance)) return [{ members, q: chance }];
    wrong(`risk.commonCause.${at}`, 'give `{"members": [ids], "q": a probability from 0 to 1}`');
    return [];
  });
  const severity = readNumbers(
    risk['severity'] ?? {},
    'risk.severity',
    (value): value is number => typeof value === 'number' && value >= 0,
    'an amount from 0',
    wrong,
  );
  const lossGroups = listOf(risk['lossGroups'], 'risk.lossGroups', wrong).flatMap((each, at) => {
    if (isNames(each)) return [each];
    wrong(`risk.lossGroups.${at}`, 'a list of names of properties');
    return [];
  });
  const { cases = 1 } = risk;
  if (!(typeof cases === 'number' && Number.isSafeInteger(cases) && cases > 0))
    wrong('risk.cases', 'a whole number from 1');
  if (commonCause.length > MAX_COMMON_CAUSES)
    wrong('risk.commonCause', `at most ${MAX_COMMON_CAUSES} groups are looked at together`);
  for (const [path, name] of [
    ...[...severity.keys()].map((name) => [`risk.severity.${name}`, name] as const),
    ...lossGroups.flat().map((name) => ['risk.lossGroups', name] as const),
  ])
    if (!names.has(name)) wrong(path, `the sets have no property \`${name}\``);
  for (const name of repeated(lossGroups.flat()))
    wrong('risk.lossGroups', `\`${name}\` is in two groups; its loss would count twice`);
  const rated = new Set([...q.keys(), ...commonCause.flatMap(({ members }) => members)]);
  for (const id of new Set(properties.flatMap(({ sets: each }) => each.flat())))
    if (!rated.has(id)) wrong('risk.q', `the attacks use \`${id}\`, which has no probability`);
  return problems.length > 0
    ? bad(...problems)
    : ok({ properties, q, commonCause, severity, lossGroups, cases: cases as number });
}

type Wrong = (path: string, message: string) => void;

function readProperties(value: unknown, wrong: Wrong): LossProperty[] {
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

function readNumbers(
  value: unknown,
  path: string,
  isOne: (each: unknown) => each is number,
  what: string,
  wrong: Wrong,
): Map<string, number> {
  const fields = fieldsOf(value);
  if (!fields) wrong(path, `an object is needed: for each name ${what}`);
  const read = new Map<string, number>();
  for (const [name, each] of Object.entries(fields ?? {}))
    if (isOne(each)) read.set(name, each);
    else wrong(`${path}.${name}`, `${JSON.stringify(each)} is not ${what}`);
  return read;
}

function listOf(value: unknown, path: string, wrong: Wrong): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  wrong(path, 'a list is needed');
  return [];
}

const repeated = (names: readonly string[]): Set<string> =>
  new Set(names.filter((name, at) => names.indexOf(name) !== at));
