import type { Json } from '../canonical/index.ts';
import {
  isId,
  isSealed,
  type ModelHead,
  type ModelTexts,
  type OrganisationRecord,
  type Filter,
  type Page,
  type RunFilter,
  type Slice,
  type VerdictFilter,
  type RunHead,
  type SealedVerdict,
  type ShownReport,
  type TenantStore,
  type VerdictRecord,
} from '../store/index.ts';
import { shownRisk } from './risk.ts';
import type { Installation } from './service.ts';

/**
 * What is read of models, runs and verdicts, for whoever may see them (`visible…`). Each takes the
 * store that it reads, and no more of the service.
 */
type Reads<Rows extends keyof TenantStore> = { readonly store: Pick<TenantStore, Rows> };

/** A trace that is larger is fetched from its own address. */
const TRACE_BYTES = 256 * 1024;

export const modelOfRun = (
  { store }: Reads<'models'>,
  { modelId }: RunHead,
): Promise<ModelHead | undefined> => store.models.head(modelId);

export const modelTexts = (
  { store }: Reads<'models'>,
  { id }: ModelHead,
): Promise<ModelTexts | undefined> => store.models.texts(id);

/** Whose rows these are. */
export const organisationOf = ({
  store,
}: Reads<'organisation'>): Promise<OrganisationRecord | undefined> => store.organisation();

/** A page of a list, and how long the list is; that is asked only where somebody wants to know. */
export interface Listed<Row> extends Slice<Row> {
  /** Nothing where it is too long to be counted. */
  count(): Promise<number | undefined>;
}

export const listModels = async (
  { store }: Reads<'models'>,
  page: Page,
  filter: Filter,
): Promise<Listed<ModelHead>> => ({
  ...(await store.models.list(page, filter)),
  count: () => store.models.count(page, filter),
});

export const listRuns = async (
  { store }: Reads<'runs'>,
  page: Page,
  filter: RunFilter,
): Promise<Listed<RunHead>> => ({
  ...(await store.runs.list(page, filter)),
  count: () => store.runs.count(page, filter),
});

export const listVerdicts = async (
  { store }: Reads<'verdicts'>,
  page: Page,
  filter: VerdictFilter,
): Promise<Listed<VerdictRecord>> => ({
  ...(await store.verdicts.list(page, filter)),
  count: () => store.verdicts.countListed(page, filter),
});

export const runOfVerdict = (
  { store }: Reads<'runs'>,
  { runId }: SealedVerdict,
): Promise<RunHead | undefined> => store.runs.head(runId);

/** The verdict of a run, once it is sealed. */
export async function verdictOfRun(
  { store }: Reads<'verdicts'>,
  run: RunHead,
): Promise<SealedVerdict | undefined> {
  const verdict = run.state === 'sealed' ? await store.verdicts.ofRun(run.id) : undefined;
  return verdict && isSealed(verdict) ? verdict : undefined;
}

export async function riskOfRun({ store }: Reads<'runs'>, { id }: RunHead): Promise<Json | null> {
  return shownRisk(await store.runs.risk(id));
}

/** The report of a run; of traces that are too large for an answer the number of steps. */
export const reportOfRun = (
  { store }: Reads<'shownReports'>,
  { id }: RunHead,
): Promise<ShownReport | undefined> => store.shownReports.get(id, TRACE_BYTES);

/** One trace as JSON, whole. */
export const traceOfRun = (
  { store }: Reads<'shownReports'>,
  { id }: RunHead,
  property: string,
): Promise<string | undefined> => store.shownReports.trace(id, property);

/**
 * What the public may know of a verdict whose organisation publishes: what the log shows already.
 */
export async function publicVerdict(
  { store }: Pick<Installation, 'store'>,
  id: string,
): Promise<
  | {
      readonly verdict: SealedVerdict;
      readonly withdrawal: { state: string; logIndex: number | null; leaf: string } | undefined;
    }
  | undefined
> {
  const publisher = isId(id) ? await store.all.verdicts.publishedBy(id) : undefined;
  if (publisher === undefined) return undefined;
  const { verdicts, statements } = store.of(publisher);
  const verdict = await verdicts.get(id);
  if (!verdict || !isSealed(verdict)) return undefined;
  const [withdrawal] = await statements.withdrawals(id);
  return { verdict, withdrawal };
}
