import { canonicalJson, digestOf } from '../../canonical/index.ts';
import type { PropertyVerdict, Statement } from '../../evidence/statements/statement.ts';
import { parseCanonicalJson } from '../../evidence/formats/strictJson.ts';
import type { PropertyReport, Report } from '../../model/outcome.ts';
import {
  failed,
  skipped,
  type RecheckFound,
  type Recheck,
  type RecheckLimits,
} from '../rechecked.ts';
import { checkTla } from './tla.ts';
import { tlaOf, type TlaDocument } from './tlaDocument.ts';
import { DEFAULT_OPTIONS } from '../types.ts';

type Files = ReadonlyMap<string, Uint8Array>;
const never = new AbortController().signal;

/** The answers of TLC, asked again: the same jar counts the same states and shows the same run. */
export async function recheckTla(
  document: TlaDocument,
  files: Files,
  { predicate: { properties, model } }: Statement,
  limits: RecheckLimits,
  cacheDir: string,
): Promise<Recheck[]> {
  const all = (found: RecheckFound): Recheck[] =>
    properties.map(({ name }) => ({ property: name, ...found }) as Recheck);
  const specification = await tlaOf(document);
  if (!specification.ok || specification.value.root !== model.name)
    return all(
      failed('RECHECK_MODEL', specification.ok ? undefined : specification.problems[0]?.message),
    );
  const again = await checkTla(
    specification.value,
    digestOf(document),
    { ...DEFAULT_OPTIONS, ...limits },
    { signal: never, cacheDir },
  );
  if (!again.ok) return all(failed('RECHECK_MODEL', again.problems[0]?.message));
  return properties.map(
    (verdict, at) =>
      ({
        property: verdict.name,
        ...judge(
          files,
          verdict,
          again.value,
          specification.value.configuration.symmetry,
          properties.findIndex(({ name }) => name === verdict.name) !== at,
        ),
      }) as Recheck,
  );
}

function judge(
  files: Files,
  verdict: PropertyVerdict,
  { properties }: Report,
  symmetry: boolean,
  isTwice: boolean,
): RecheckFound {
  const mine = properties.find(({ name }) => name === verdict.name);
  if (!mine || mine.kind !== verdict.kind || isTwice) return failed('RECHECK_PROPERTY');
  if (verdict.assurance.length > 0)
    return failed('RECHECK_ANSWER', 'nothing of ours stands behind an answer of TLC');
  if (verdict.outcome === 'unknown') return skipped('nothing is claimed');
  if (symmetry && mine.kind === 'temporal') return underSymmetry(verdict, mine);
  if (mine.outcome === 'unknown')
    return skipped(`not asked again: ${mine.message ?? mine.reason ?? ''}`);
  const isLess = verdict.outcome === 'bounded' && mine.outcome === 'holds';
  if (mine.outcome !== verdict.outcome && !isLess) return differing(verdict, mine);
  if (verdict.outcome === 'violated') return sameTrace(files, verdict, mine);
  const [signed, counted] = [verdict.facts?.['distinctStates'], mine.evidence?.['distinctStates']];
  if (signed !== counted)
    return failed(
      'RECHECK_COUNT',
      `distinctStates: ${String(signed)} was signed, ${String(counted)} is counted`,
    );
  return rerun(mine, isLess ? LESS_WAS_SIGNED : undefined);
}

/**
 * A bundle of an earlier version may claim less than is known today (assumptions under a
 * CONSTRAINT, an invariant under SYMMETRY): what it claims is still so.
 */
const LESS_WAS_SIGNED = 'bounded was signed, asked again it holds';

/**
 * TLC is wrong both ways about a temporal property under SYMMETRY, so nothing is asked again.
 * Earlier versions honestly signed `bounded` or `violated` there, which nothing refutes; that it
 * holds is more than any version has found.
 */
function underSymmetry({ outcome }: PropertyVerdict, { message }: PropertyReport): RecheckFound {
  return outcome === 'holds'
    ? failed('RECHECK_ANSWER', `was signed, and is none: ${message ?? ''}`)
    : skipped(`${outcome} was signed by an earlier version, not asked again: ${message ?? ''}`);
}

/**
 * Whether two states share a fingerprint is a matter of luck, and of TLC's own estimate: it differs
 * from run to run.
 */
const BY_CHANCE = /^a chance of \S+ that two states shared a fingerprint$/;

function differing(verdict: PropertyVerdict, mine: PropertyReport): RecheckFound {
  const byChance =
    [verdict, mine].some(({ bound }) => bound !== undefined && BY_CHANCE.test(bound)) &&
    [verdict, mine].every(({ outcome }) => outcome === 'holds' || outcome === 'bounded');
  return byChance
    ? skipped(`asked again it is ${mine.outcome}: ${mine.bound ?? verdict.bound ?? ''}`)
    : failed(
        'RECHECK_OUTCOME',
        mine.outcome === 'bounded' ? `bounded: ${mine.bound ?? ''}` : mine.outcome,
      );
}

/**
 * One worker's search is breadth first in a fixed order: the same jar shows the same run. Which
 * lasso it shows depends on its fingerprints.
 */
function sameTrace(files: Files, verdict: PropertyVerdict, mine: PropertyReport): RecheckFound {
  if (verdict.witness === undefined) return failed('RECHECK_ANSWER');
  if (verdict.trace === undefined)
    return mine.trace === undefined ? rerun(mine) : failed('RECHECK_TRACE', 'TLC shows a run');
  if (verdict.witness === 'lasso') return rerun(mine, 'its lasso was not compared');
  if (verdict.facts?.['jar'] !== mine.evidence?.['jar'])
    return rerun(mine, 'its run was not compared: another TLC');
  const json = parseCanonicalJson(files.get(verdict.trace) ?? new Uint8Array(0));
  if (!json.ok) return failed('RECHECK_TRACE', verdict.trace);
  return mine.trace !== undefined && canonicalJson(json.value) === canonicalJson(mine.trace)
    ? rerun(mine)
    : failed('RECHECK_REPLAY', 'TLC shows another run');
}

function rerun(mine: PropertyReport, but?: string): RecheckFound {
  const states = mine.evidence?.['distinctStates'];
  return {
    status: 'rerun',
    detail: [
      mine.engines[0]?.version ?? 'TLC',
      ...(states === undefined ? [] : [`${String(states)} distinct states`]),
      ...(but === undefined ? [] : [but]),
    ].join(' · '),
  };
}
