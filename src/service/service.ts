import type { Config } from '../config/index.ts';
import type { Result } from '../errors/index.ts';
import type { InstallationKeys } from '../evidence/signing/keys.ts';
import type { Ledger } from '../evidence/ledger/ledger.ts';
import type { WitnessClient } from '../evidence/witness/client.ts';
import type { LedgerSender } from '../evidence/formats/policy.ts';
import type { TransparencyLog } from '../evidence/log/log.ts';
import type { Report } from '../model/outcome.ts';
import type { CheckedDocument } from '../model/specification.ts';
import type { Queues } from '../queue/index.ts';
import type { SharedStore, Store, TenantStore } from '../store/index.ts';
import type { Progress, Submission, Verification, CheckOptions } from '../checking/types.ts';
import type { Logger } from './observe.ts';

/**
 * What the service asks of the checking floor: `src/checking/check.ts`, or a stand-in that a test
 * controls.
 */
export interface Checker {
  checkSubmission(
    submission: Submission,
    options: CheckOptions,
    context: {
      readonly signal: AbortSignal;
      readonly stopped?: () => boolean;
      readonly onProgress: (progress: Progress) => void;
      readonly cacheDir: string;
      readonly onFirst?: (report: Report) => void;
    },
  ): Promise<Result<Verification>>;
  /** Parses and type-checks; runs no engine. */
  inspect(
    submission: Submission,
  ): Promise<Result<{ readonly document: CheckedDocument; readonly digest: string }>>;
  /** Engine names and versions: part of what makes two results the same. */
  toolVersions(cacheDir: string): Promise<Record<string, string>>;
}

/** Who signs, and where it is written down. */
export interface Notary {
  /** The keys of now; `refresh` looks whether they were replaced. */
  readonly keys: InstallationKeys;
  /** Lines of a policy for keys of the past. */
  readonly retired: readonly string[];
  /** Where the keys are. */
  readonly keysFolder: string;
  /** Reads the keys again where their files changed: another process may have replaced them. */
  refresh(): Promise<void>;
  readonly log: TransparencyLog;
  readonly issuer: string;
  readonly software: { readonly name: string; readonly version: string };
  /** Where checkpoints are anchored; absent: nowhere. */
  readonly ledgerNetwork?: string;
  /** Who signs anchors, for policies; absent where they are not signed. */
  readonly ledgerSender?: LedgerSender | undefined;
  /** Who is asked to cosign checkpoints; absent: nobody. */
  readonly witnesses?: WitnessClient;
  /**
   * Witnesses that this process heard to remember another log than ours, or more of it; by name,
   * the code.
   */
  readonly witnessAlarms: Map<string, string>;
  /**
   * Opened by the first anchor: the ledger's packages take half a second to load, and most
   * processes anchor nothing.
   */
  openLedger(): Promise<Ledger>;
}

/** The parts that every step works with, of whatever organisation. Put together in `compose.ts`. */
export interface SharedService {
  readonly config: Config;
  readonly store: SharedStore;
  readonly queues: Queues;
  readonly checker: Checker;
  readonly notary: Notary;
  readonly logger: Logger;
}

/** The service of one organisation: nothing that it is asked shows a row of another. */
export interface Service extends SharedService {
  readonly store: TenantStore;
}

/** The whole: what is the installation's own, and the service of each organisation. */
export interface Installation extends SharedService {
  readonly store: Store;
  of(organisationId: string): Service;
}
