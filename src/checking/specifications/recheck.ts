import { canonicalJson, digestOf } from '../../canonical/index.ts';
import {
  type PropertyVerdict,
  type ScriptVerdict,
  type Statement,
  MODEL_FILE,
} from '../../evidence/statements/statement.ts';
import { parseCanonicalJson } from '../../evidence/formats/strictJson.ts';
import type { PropertyReport, Report } from '../../model/outcome.ts';
import {
  readSpecificationDocument,
  type SpecificationDocument,
} from '../../model/specification.ts';
import { failed, skipped, type Found, type Recheck, type RecheckLimits } from '../rechecked.ts';
import { checkTla } from './tla.ts';
import { checkSmt } from './smt.ts';
import { tlaOf } from './documents.ts';
import { DEFAULT_OPTIONS } from '../types.ts';

type Files = ReadonlyMap<string, Uint8Array>;
const never = new AbortController().signal;

/**
 * Asks the tool of this machine again, about the text of the bundle: all that can be done for
 * answers that are a tool's word. It is text of strangers as it was for whoever signed, and runs in
 * the same sandbox. Where the tool is not here, nothing was checked, and that is said.
 */
export async function recheckSpecification(
  files: Files,
  { predicate }: Statement,
  limits: RecheckLimits,
  cacheDir: string,
): Promise<Recheck[]> {
  const { properties, script, model } = predicate;
  const document = readDocument(files);
  const names = script
    ? script.answers.map((_, at) => questionOf(at))
    : properties.map(({ name }) => name);
  const all = (found: Found): Recheck[] =>
    names.map((property) => ({ property, ...found }) as Recheck);
  if (document?.format !== model.format) return all(failed('RECHECK_MODEL'));
  if (document.format === 'smt')
    return script
      ? recheckScript(files, script, document.script, limits)
      : all(failed('RECHECK_ANSWER'));
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

function readDocument(files: Files): SpecificationDocument | undefined {
  const json = parseCanonicalJson(files.get(MODEL_FILE) ?? new Uint8Array(0));
  return json.ok ? readSpecificationDocument(json.value) : undefined;
}

function judge(
  files: Files,
  verdict: PropertyVerdict,
  { properties }: Report,
  symmetry: boolean,
  isTwice: boolean,
): Found {
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
 * A bundle of an earlier version may claim less than is known today (assumptions under a CONSTRAINT,
 * an invariant under SYMMETRY): what it claims is still so.
 */
const LESS_WAS_SIGNED = 'bounded was signed, asked again it holds';

/**
 * TLC is wrong both ways about a temporal property under SYMMETRY, so nothing is asked again.
 * Earlier versions honestly signed `bounded` or `violated` there, which nothing refutes; that it
 * holds is more than any version has found.
 */
function underSymmetry({ outcome }: PropertyVerdict, { message }: PropertyReport): Found {
  return outcome === 'holds'
    ? failed('RECHECK_ANSWER', `was signed, and is none: ${message ?? ''}`)
    : skipped(`${outcome} was signed by an earlier version, not asked again: ${message ?? ''}`);
}

/**
 * Whether two states share a fingerprint is a matter of luck, and of TLC's own estimate: it differs
 * from run to run.
 */
const BY_CHANCE = /^a chance of \S+ that two states shared a fingerprint$/;

function differing(verdict: PropertyVerdict, mine: PropertyReport): Found {
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
function sameTrace(files: Files, verdict: PropertyVerdict, mine: PropertyReport): Found {
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

function rerun(mine: PropertyReport, but?: string): Found {
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

const questionOf = (at: number): string => `check-sat ${at + 1}`;

async function recheckScript(
  files: Files,
  { answers, results }: ScriptVerdict,
  source: string,
  limits: RecheckLimits,
): Promise<Recheck[]> {
  const all = (found: Found): Recheck[] =>
    answers.map((_, at) => ({ property: questionOf(at), ...found }) as Recheck);
  const printed = parseCanonicalJson(files.get(results) ?? new Uint8Array(0));
  const told =
    printed.ok && Array.isArray(printed.value)
      ? printed.value.flatMap((each: { readonly answer?: unknown } | null) => each?.answer ?? [])
      : undefined;
  if (canonicalJson(told ?? null) !== canonicalJson(answers))
    return all(failed('RECHECK_ANSWER', `${results} has other answers`));
  const again = await checkSmt(source, limits, never);
  if (!again.ok) return all(failed('RECHECK_MODEL', again.problems[0]?.message));
  const mine = again.value.answers;
  if (mine.length !== answers.length)
    return all(failed('RECHECK_PROPERTY', `${answers.length} answers to ${mine.length} questions`));
  const solvers = again.value.engines.map(({ version }) => version).join(', ');
  return answers.map((answer, at): Recheck => {
    const property = questionOf(at);
    if (answer === 'unknown') return { property, status: 'skipped', detail: 'nothing is claimed' };
    if (mine[at] === 'unknown')
      return { property, status: 'skipped', detail: `${solvers} did not answer` };
    return mine[at] === answer
      ? { property, status: 'rerun', detail: solvers }
      : {
          property,
          status: 'failed',
          code: 'RECHECK_OUTCOME',
          detail: `${mine[at] ?? ''}, by ${solvers}`,
        };
  });
}
