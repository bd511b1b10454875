import { checkSubmission } from '../checking/check.ts';
import { DEFAULT_OPTIONS } from '../checking/types.ts';
import type { ReadDiagram } from '../frontends/bpmn/index.ts';
import type { Finding, Mended, Report, SuggestedFix } from '../model/outcome.ts';
import { candidatesOf, LARGER, type Candidate } from './candidates.ts';
import { readAgain, type Said } from './explain.ts';
import { findingsOf } from './findings.ts';
import { DiagramRuns } from './runs.ts';
import { violated, whysOf } from './why.ts';

/** The search stops after this long; what it has found by then is shown. */
export interface FixBudget {
  readonly timeoutMs: number;
  readonly maxStates: number;
  readonly cacheDir: string;
}

/** How many changes are shown for a finding, how many are tried, how many are put together. */
const SHOWN = 3;
const MAX_CANDIDATES = 200;
const MAX_CHANGES = 12;

/** What may be changed in a diagram, and the diagram with all of it that fits together. */
export interface Fixes {
  readonly fixes: readonly Fix[];
  readonly mended: Mended | undefined;
}

/** A change, with the changed diagram: what is new in it has no place in the drawing. */
export interface Fix extends SuggestedFix {
  readonly source: string;
}

/**
 * Small changes for each finding of a diagram, tried out: those first that ask least of the
 * process. A change mends a finding only if the changed diagram has been verified, the finding is
 * gone, nothing that held breaks, and no other finding comes, but for what could never happen
 * before. Then the best of them are made one after the other, as far as they go.
 */
export async function findFixes(
  source: string,
  report: Report,
  budget: FixBudget,
  signal: AbortSignal,
  said: Said = {},
): Promise<Fixes> {
  const first = violated(report).length > 0 ? await Stage.of(source, report, said) : undefined;
  if (!first) return { fixes: [], mended: undefined };
  const search = new Search(budget, signal, said);
  const trials: Trial[] = [];
  const { length } = first.findings;
  for (const [index, finding] of first.findings.entries()) {
    // Each one by itself in equal parts of the time; half of it for putting several together.
    const kept = length > 1 ? budget.timeoutMs / 2 : 0;
    const share = (search.left() - kept) / (length - index);
    trials.push(...(await search.mending(first, finding, share, SHOWN)));
  }
  return { fixes: trials.map(({ fix }) => fix), mended: await allTogether(search, first, trials) };
}

/** The best change, then the best one for what is left, and so on. */
async function allTogether(
  search: Search,
  first: Stage,
  trials: readonly Trial[],
): Promise<Mended | undefined> {
  const changes: string[] = [];
  let at = first;
  while (changes.length < MAX_CHANGES) {
    const next = at === first ? trials[0] : await search.nextFor(at);
    if (!next) break;
    changes.push(next.fix.sentence);
    at = next.stage;
  }
  return changes.length === 0
    ? undefined
    : {
        changes,
        leaves: violated(at.report).map(({ name }) => name),
        source: at.source,
      };
}

/** A diagram, what was said of it, and what is wrong with it. */
class Stage {
  readonly source: string;
  readonly report: Report;
  readonly reading: ReadDiagram;
  readonly findings: readonly Finding[];
  readonly #runs: DiagramRuns | undefined;

  private constructor(source: string, report: Report, reading: ReadDiagram) {
    this.source = source;
    this.report = report;
    this.reading = reading;
    this.#runs = DiagramRuns.of(reading);
    this.findings = findingsOf(reading, whysOf(reading, report, this.#runs), this.#runs);
  }

  static async of(source: string, report: Report, said: Said): Promise<Stage | undefined> {
    const reading = await readAgain(source, said);
    return reading.ok ? new Stage(source, report, reading.value) : undefined;
  }

  /** Whether something of what is drawn as this element happens in some run, as far as is known. */
  happens(element: string): boolean {
    return this.#runs?.all?.happens(element) !== false;
  }
}

/** A change that mends a finding, and where it leads. */
interface Trial {
  readonly fix: Fix;
  readonly stage: Stage;
}

class Search {
  readonly #budget: FixBudget;
  readonly #signal: AbortSignal;
  readonly #said: Said;
  readonly #until: number;

  constructor(budget: FixBudget, signal: AbortSignal, said: Said) {
    this.#budget = budget;
    this.#signal = signal;
    this.#said = said;
    this.#until = performance.now() + budget.timeoutMs;
  }

  /** Milliseconds. */
  left(): number {
    return this.#until - performance.now();
  }

  async nextFor(stage: Stage): Promise<Trial | undefined> {
    for (const finding of stage.findings) {
      const [found] = await this.mending(stage, finding, this.left(), 1);
      if (found) return found;
    }
    return undefined;
  }

  /** The first so many changes that mend a finding, those that ask least first. */
  async mending(
    stage: Stage,
    finding: Finding,
    timeMs: number,
    most: number,
  ): Promise<readonly Trial[]> {
    const until = performance.now() + timeMs;
    const found: Trial[] = [];
    for (const candidate of candidatesFor(stage, finding)) {
      if (found.length === most || performance.now() > until || this.#signal.aborted) break;
      if (found.length > 0 && candidate.rank >= LARGER) break;
      const trial = await this.#tried(stage, finding, candidate, until - performance.now());
      if (trial) found.push(trial);
    }
    return found;
  }

  async #tried(
    before: Stage,
    finding: Finding,
    candidate: Candidate,
    timeMs: number,
  ): Promise<Trial | undefined> {
    const source = candidate.edit(before.source);
    if (source === undefined) return undefined;
    const checked = await checkSubmission(
      { ...this.#said, source, format: 'bpmn', name: 'changed' },
      {
        ...DEFAULT_OPTIONS,
        engines: ['explore'],
        timeoutMs: Math.max(50, timeMs),
        maxStates: this.#budget.maxStates,
      },
      {
        signal: this.#signal,
        cacheDir: this.#budget.cacheDir,
        onProgress: () => undefined,
      },
    );
    if (!checked.ok) return undefined;
    const { report } = checked.value;
    const holds = new Set(
      report.properties.filter(({ outcome }) => outcome === 'holds').map(({ name }) => name),
    );
    const breaks = before.report.properties.some(
      ({ name, outcome }) => outcome === 'holds' && !holds.has(name),
    );
    if (breaks) return undefined;
    const stage = await Stage.of(source, report, this.#said);
    if (!stage || !isMended(before, finding, stage)) return undefined;
    const broken = violated(before.report).map(({ name }) => name);
    const { sentence, elements } = candidate;
    const fix: Fix = {
      sentence,
      elements,
      finding: before.findings.indexOf(finding) + 1,
      mends: broken.filter((name) => holds.has(name)),
      leaves: broken.filter((name) => !holds.has(name)),
      source,
    };
    return { fix, stage };
  }
}

/** Near the finding first, of those what asks least. */
function candidatesFor({ reading }: Stage, finding: Finding): readonly Candidate[] {
  const named = new Set([...finding.root, ...finding.elements, ...finding.dead]);
  const passed = new Set(finding.trace?.steps.map((step) => step.elementId) ?? []);
  const distance = ({ elements }: Candidate): number =>
    elements.some((id) => named.has(id)) ? 0 : elements.some((id) => passed.has(id)) ? 1 : 2;
  return candidatesOf(reading.diagram)
    .map((candidate) => ({ candidate, far: distance(candidate) }))
    .toSorted(
      (a, b) =>
        Number(a.candidate.rank >= LARGER) - Number(b.candidate.rank >= LARGER) ||
        Number(a.far === 2) - Number(b.far === 2) ||
        a.candidate.rank - b.candidate.rank ||
        a.far - b.far,
    )
    .map(({ candidate }) => candidate)
    .slice(0, MAX_CANDIDATES);
}

/**
 * Whether a finding is gone, and none has come but for such as could not happen before. What is
 * left of the properties that it breaks may still break for other reasons.
 */
function isMended(before: Stage, finding: Finding, after: Stage): boolean {
  const known = new Set(before.findings.map(keyOf));
  return after.findings.every(
    (other) =>
      keyOf(other) !== keyOf(finding) &&
      (known.has(keyOf(other)) || !other.root.some((element) => before.happens(element))),
  );
}

function keyOf({ root }: Finding): string {
  return root.join(' ');
}
