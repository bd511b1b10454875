import { readInstant } from '../../eventLog/instants.ts';
import { isRecord } from '../../canonical/record.ts';
import type { Pert } from '../sampling.ts';
import type { Incident } from './incidents.ts';
import { learnRate, type Exposure } from './learnedRates.ts';
import type { Detected, Rate } from './rates.ts';
import type { Amount, Severity } from './severity.ts';

/** Something that could be done: what it costs, and what it makes of probabilities. */
export interface Measure {
  readonly name: string;
  readonly costEur: number;
  /** Set or multiplied, never conditioned on. */
  readonly effects: ReadonlyMap<string, Effect>;
}

type Effect = { readonly set: number } | { readonly times: number };

/** Where probabilities and amounts are no plain numbers. */
export interface Uncertainty {
  readonly rates: ReadonlyMap<string, Rate>;
  /** How each rate came about. */
  readonly derivations: ReadonlyMap<string, string>;
  readonly severities: ReadonlyMap<string, Severity>;
  /** One draw of them is shared by all units of a period. */
  readonly perPeriod: readonly string[];
  readonly measures: readonly Measure[];
}

export type WrongAt = (path: string, message: string) => void;
type Fields = Readonly<Record<string, unknown>>;

/** More of them together have too many outcomes to be told apart. */
const MAX_PER_PERIOD = 10;

const isShare = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value <= 1;
const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && value > 0 && Number.isFinite(value);
const isAmount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && Number.isFinite(value);

function pertOf(value: unknown, fits: (each: unknown) => boolean): Pert | undefined {
  const range = isRecord(value) ? value['pert'] : undefined;
  if (!Array.isArray(range) || range.length !== 3 || !range.every(fits)) return undefined;
  const [least, mode, most] = range as [number, number, number];
  return least <= mode && mode <= most ? [least, mode, most] : undefined;
}

function pairOf(value: unknown): readonly [number, number] | undefined {
  return Array.isArray(value) && value.length === 2 && value.every(isPositive)
    ? (value as [number, number])
    : undefined;
}

const RATE =
  'give a probability from 0 to 1, {"pert": [least, mode, most]}, {"beta": [a, b]}, {"gamma": [shape, days], "days": days of a unit}, or "incidents"';

export interface RateSources {
  readonly incidents: readonly Incident[] | undefined;
  readonly observation: unknown;
  readonly priors: unknown;
}

/** Rates by id, and how each came about. */
export function readRates(
  q: unknown,
  sources: RateSources,
  wrong: WrongAt,
): Pick<Uncertainty, 'rates' | 'derivations'> {
  const rates = new Map<string, Rate>();
  const derivations = new Map<string, string>();
  if (!isRecord(q)) {
    wrong('risk.q', 'an object is needed: for each id a probability');
    return { rates, derivations };
  }
  const learned = Object.values(q).includes('incidents')
    ? observationOf(sources.observation, sources.incidents, wrong)
    : undefined;
  for (const [id, given] of Object.entries(q)) {
    if (given === 'incidents') {
      if (!learned) continue;
      const found = learnRate(id, learned.incidents, learned.of(id), priorOf(id, sources, wrong));
      rates.set(id, found.rate);
      derivations.set(id, found.derivation);
      continue;
    }
    const rate = rateOf(given);
    if (rate) {
      rates.set(id, rate);
      derivations.set(id, derivationOf(rate));
    } else wrong(`risk.q.${id}`, `${JSON.stringify(given)} is no rate; ${RATE}`);
  }
  return { rates, derivations };
}

function rateOf(given: unknown): Rate | undefined {
  if (isShare(given)) return { kind: 'known', q: given };
  const range = pertOf(given, isShare);
  if (range) return { kind: 'pert', range };
  if (!isRecord(given)) return undefined;
  const [beta, gamma] = [pairOf(given['beta']), pairOf(given['gamma'])];
  if (beta) return { kind: 'beta', a: beta[0], b: beta[1], detected: 1 };
  const days = given['days'] ?? 1;
  return gamma && isPositive(days)
    ? { kind: 'gamma', shape: gamma[0], rate: gamma[1], days, detected: 1 }
    : undefined;
}

function derivationOf(rate: Rate): string {
  switch (rate.kind) {
    case 'known':
      return 'taken as given';
    case 'pert':
      return `an expert's range: PERT(${rate.range.join(', ')})`;
    case 'beta':
      return `Beta(${rate.a}, ${rate.b}), as given`;
    case 'gamma':
      return `Gamma(${rate.shape}, ${rate.rate}) a day, as given; q = 1 − exp(−λ · ${rate.days})`;
  }
}

function priorOf(id: string, { priors }: RateSources, wrong: WrongAt): Pert | undefined {
  const given = isRecord(priors) ? priors[id] : undefined;
  if (given === undefined) return undefined;
  const range = pertOf(given, isShare);
  if (range && range[0] < range[2]) return range;
  wrong(`risk.priors.${id}`, 'an expert says {"pert": [least, mode, most]} of a probability');
  return undefined;
}

const OBSERVATION =
  'rates from incidents need `observation`: {"from", "to" (ISO 8601), "cases" at risk, or "days" at risk and "unitDays", "detected": a share or {"pert": […]}}';

function observationOf(
  given: unknown,
  incidents: readonly Incident[] | undefined,
  wrong: WrongAt,
): { incidents: readonly Incident[]; of: (id: string) => Exposure } | undefined {
  if (!incidents) {
    wrong('risk.q', 'rates from incidents need a table of them: --incidents FILE.csv');
    return undefined;
  }
  const fields: Fields = isRecord(given) ? given : {};
  const [from, to] = [fields['from'], fields['to']].map((time) =>
    typeof time === 'string' ? readInstant(time) : undefined,
  );
  const plain = exposureOf(fields, 'risk.observation', wrong);
  if (!from || !to || to.ms <= from.ms || !plain) {
    wrong('risk.observation', OBSERVATION);
    return undefined;
  }
  const own: Fields = isRecord(fields['threats']) ? fields['threats'] : {};
  const byThreat = new Map(
    Object.entries(own).map(([id, each]) => [
      id,
      exposureOf(isRecord(each) ? each : {}, `risk.observation.threats.${id}`, wrong),
    ]),
  );
  return {
    incidents,
    of: (id) => ({ fromMs: from.ms, toMs: to.ms, ...plain, ...byThreat.get(id) }),
  };
}

function exposureOf(
  fields: Fields,
  path: string,
  wrong: WrongAt,
): Omit<Exposure, 'fromMs' | 'toMs'> | undefined {
  const { cases, days, unitDays, detected = 1 } = fields;
  const share: Detected | undefined =
    isShare(detected) && detected > 0 ? detected : pertOf(detected, isShare);
  const counted = cases === undefined || (Number.isSafeInteger(cases) && isPositive(cases));
  const timed = [days, unitDays].every((each) => each === undefined || isPositive(each));
  if (share === undefined || (typeof share !== 'number' && share[0] <= 0) || !counted || !timed) {
    wrong(path, OBSERVATION);
    return undefined;
  }
  return {
    detected: share,
    ...(cases !== undefined && { cases: cases as number }),
    ...(days !== undefined && { days: days as number }),
    ...(unitDays !== undefined && { unitDays: unitDays as number }),
  };
}

const AMOUNT =
  'an amount from 0 in EUR, {"pert": [least, mode, most]}, {"lognormal": {"median", "p95"}}, or {"primary": …, "secondary": {"probability", "loss"}}';

export function readSeverities(given: unknown, wrong: WrongAt): ReadonlyMap<string, Severity> {
  const found = new Map<string, Severity>();
  if (given !== undefined && !isRecord(given)) wrong('risk.severity', 'an object is needed');
  for (const [name, each] of Object.entries(isRecord(given) ? given : {})) {
    const severity = severityOf(each);
    if (severity) found.set(name, severity);
    else wrong(`risk.severity.${name}`, `${JSON.stringify(each)} is not ${AMOUNT}`);
  }
  return found;
}

function severityOf(given: unknown): Severity | undefined {
  if (!isRecord(given) || given['primary'] === undefined) {
    const primary = amountOf(given);
    return primary && { primary };
  }
  const [primary, second] = [amountOf(given['primary']), given['secondary']];
  if (!primary) return undefined;
  if (second === undefined) return { primary };
  if (!isRecord(second)) return undefined;
  const loss = amountOf(second['loss']);
  const { probability } = second;
  return loss && isShare(probability) ? { primary, secondary: { probability, loss } } : undefined;
}

function amountOf(given: unknown): Amount | undefined {
  if (isAmount(given)) return { kind: 'fixed', eur: given };
  const range = pertOf(given, isAmount);
  if (range) return { kind: 'pert', range };
  const law = isRecord(given) ? given['lognormal'] : undefined;
  if (!isRecord(law)) return undefined;
  const { median, p95 } = law;
  return isPositive(median) && isPositive(p95) && p95 > median
    ? { kind: 'lognormal', median, p95 }
    : undefined;
}

export function readPerPeriod(
  given: unknown,
  known: ReadonlySet<string>,
  wrong: WrongAt,
): string[] {
  if (given === undefined) return [];
  if (!Array.isArray(given) || !given.every((id) => typeof id === 'string' && known.has(id))) {
    wrong('risk.perPeriod', 'a list of ids that have a probability');
    return [];
  }
  if (given.length > MAX_PER_PERIOD)
    wrong('risk.perPeriod', `at most ${MAX_PER_PERIOD} ids are looked at together`);
  return given as string[];
}

export function readMeasures(
  given: unknown,
  known: ReadonlySet<string>,
  wrong: WrongAt,
): readonly Measure[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) {
    wrong('risk.measures', 'a list is needed');
    return [];
  }
  return given.flatMap((each, at): Measure[] => {
    const measure = measureOf(each, known);
    if (measure) return [measure];
    wrong(
      `risk.measures.${at}`,
      'give `{"name", "costEur" above 0, "effects": {id: {"set": probability} or {"times": from 0 to 1}}}`, with ids that have a probability',
    );
    return [];
  });
}

function measureOf(given: unknown, known: ReadonlySet<string>): Measure | undefined {
  if (!isRecord(given)) return undefined;
  const { name, costEur, effects } = given;
  if (typeof name !== 'string' || !isPositive(costEur) || !isRecord(effects)) return undefined;
  const read: [string, Effect][] = [];
  for (const [id, effect] of Object.entries(effects)) {
    const { set, times } = isRecord(effect) ? effect : {};
    if (known.has(id) && isShare(set) && times === undefined) read.push([id, { set }]);
    else if (known.has(id) && isShare(times) && set === undefined) read.push([id, { times }]);
    else return undefined;
  }
  return read.length > 0 ? { name, costEur, effects: new Map(read) } : undefined;
}
