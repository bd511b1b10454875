import type { Model, Property } from '../../model/model.ts';
import type { OutcomeKind } from '../../model/outcome.ts';
import type { Trace } from '../../model/trace.ts';
import type { NamedThreats } from '../../threats/selection.ts';
import type { Ids } from './minimal.ts';
import type { FoundSets } from './search.ts';

/** A minimal attack set with a shortest attack: `traceLength` is null for liveness, a lasso. */
export interface AttackSet {
  readonly threats: readonly string[];
  readonly traceLength: number | null;
  readonly trace?: Trace;
}

export type Completeness = true | { readonly upTo: number };

export interface ThreatenedProperty {
  readonly name: string;
  readonly kind: string;
  readonly withoutThreats: OutcomeKind;
  /** Who judged it; absent: explore. */
  readonly engine?: 'z3';
  readonly minimalAttackSets: readonly AttackSet[];
  readonly complete: Completeness;
  /** Why it is not complete, where somebody says so. */
  readonly reason?: string;
  /** The most threats proper that never break it; null where it is broken without any. */
  readonly resilience: number | 'all' | null;
  /** The implicit properties that break under some set which this one resists. */
  readonly assuming: readonly string[];
}

export interface JudgedControl {
  readonly id: string;
  readonly property: string;
  readonly loadBearing: boolean;
  readonly redundant: boolean;
  readonly insufficient: boolean;
}

/** The answer of `probity threats`. Public shape (`threats.schema.json`). */
export interface ThreatReport {
  readonly model: { readonly name: string; readonly digest: string; readonly format: string };
  readonly options: {
    readonly threats: readonly string[];
    readonly budget: number | null;
    readonly controls: boolean;
  };
  readonly ids: readonly {
    readonly id: string;
    readonly operator: string;
    readonly proper: boolean;
    readonly references: readonly string[];
  }[];
  readonly properties: readonly ThreatenedProperty[];
  readonly controls: readonly JudgedControl[];
  readonly sufficientControls: readonly {
    readonly property: string;
    readonly sets: readonly (readonly string[])[];
  }[];
  readonly states: { readonly withoutThreats: number; readonly all: number };
  /** What a diagram does not say, and what attacks are looked at with. */
  readonly assumptions: readonly string[];
  /** What kept the graph of all threats from being whole. */
  readonly bound?: string;
}

/** The same as a part of a report. Public shape (`report.schema.json`). */
export type AttackReport = Omit<ThreatReport, 'model'>;

/** What was found of one property, and by whom if not by exploring. */
export interface Answer extends FoundSets {
  readonly engine?: 'z3';
  /** Why it is not complete. */
  readonly reason?: string;
  /** Nobody looked at it. */
  readonly isLeft?: true;
}

/** What was found of each property. */
export interface AttackAnswers {
  /** The model, with the room that attacks are looked at with. */
  readonly model: Model;
  readonly found: ReadonlyMap<string, Answer>;
  /** States of the graph of all threats. */
  readonly states: number;
  /** What kept it from being whole. */
  readonly bound?: string;
  /** A shortest attack of a set that was found; nothing where none replays. */
  attack(property: Property, set: Ids): Promise<Trace | undefined>;
}

export interface ThreatOptions {
  /** `all` threats proper, or ids. */
  readonly threats: NamedThreats;
  readonly budget: number | undefined;
  readonly controls: boolean;
  readonly timeoutMs: number;
  readonly maxStates: number;
  readonly memoryMb: number;
  /** Who judges: absent, explore, and Z3 where values have no end. */
  readonly engine?: 'explore' | 'z3';
  /** Where a native Z3 may lie. */
  readonly cacheDir?: string;
  /** Folders of entries of the user's own, beside the catalogue of this package. */
  readonly catalogue?: readonly string[];
}
