import type { Locate } from '../errors/index.ts';
import type { ModelDocument } from '../model/document.ts';
import type { Artifact, Assurance, Report } from '../model/outcome.ts';
import type { ChannelSemantics, Outside } from '../frontends/bpmn/diagram.ts';
import type { EngineName, Reduction } from '../model/engine.ts';
import type { FormatName } from '../model/formats.ts';
import type { CheckedDocument } from '../model/specification.ts';

/**
 * What to check, how hard, and with what. Every field has a default; the defaults are part of a
 * cache key.
 */
export interface CheckOptions {
  /** Properties to answer; empty means all. The implicit ones are always answered. */
  readonly properties: readonly string[];
  readonly engines: readonly EngineName[] | 'auto';
  readonly timeoutMs: number;
  readonly memoryMb: number;
  readonly maxStates: number;
  /** What every definite answer must have; engines are asked until it has it, or none is left. */
  readonly assurance?: readonly Assurance[];
  /**
   * Whether the other engines are asked for each definite answer as well, each that can give it, in
   * a part of the time (`auto` only). Either way an answer then says whose word it is
   * (`agreement`); absent, it does not.
   */
  readonly crossCheck?: boolean;
  /** One set of threats, under which everything is judged; absent: none. */
  readonly threats?: readonly string[];
  /** Which sets of these threats break what is asked for beside the answers; absent: not asked. */
  readonly attacks?: {
    readonly threats: 'all' | readonly string[];
    /** The most threats of one set; null: any number. */
    readonly budget: number | null;
  };
  /** Of explore; absent means `auto`. */
  readonly reduction?: Reduction;
}

export const DEFAULT_OPTIONS: CheckOptions = {
  properties: [],
  engines: 'auto',
  timeoutMs: 60_000,
  memoryMb: 2_048,
  maxStates: 5_000_000,
};

/** A text beside the source, under the name that it has where it comes from. */
export interface CompanionFile {
  readonly name: string;
  readonly text: string;
}

export interface Submission {
  readonly source: string;
  readonly format: FormatName;
  /** Where it came from, for messages: a file name, an upload's name. */
  readonly name: string;
  /**
   * Of a TLA+ specification, whose module to check is `source`: the modules that it needs, and one
   * configuration.
   */
  readonly files?: readonly CompanionFile[];
  /** Of a diagram: how messages travel, whatever the diagram says. */
  readonly channels?: ChannelSemantics;
  /** Of a diagram: whether what comes from outside may never come, whatever the side file says. */
  readonly outside?: Outside;
  /** Of a diagram: whether what the standard does not allow is refused, whatever it means. */
  readonly strict?: boolean;
  /** Of a diagram: a side file with data and properties. */
  readonly annotations?: string;
}

/** A submission as a model document, and where its parts stand in the text. */
export interface ReadModel {
  readonly document: ModelDocument;
  readonly locate?: Locate;
}

/** How far a check has come; sent at most a few times a second. */
export interface Progress {
  readonly engine: string;
  readonly phase: string;
  readonly states?: number;
  readonly depth?: number;
  readonly queue?: number;
  readonly statesPerSecond?: number;
}

/**
 * All that a check produced: the report for people, the canonical model and the artifacts for the
 * evidence.
 */
export interface Verification {
  readonly report: Report;
  readonly document: CheckedDocument;
  readonly artifacts: readonly Artifact[];
}
