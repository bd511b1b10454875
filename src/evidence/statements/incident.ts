import type { STATEMENT_TYPE, Subject } from './statement.ts';
import type { LoggedStatement } from './revocation.ts';

/**
 * What a monitor told of an alert, or of the alerts of one cause, and what people did about it: an
 * in-toto Statement v1 with a predicate type of its own, signed as DSSE, and a leaf of the log. It
 * says what was told under which model and mapping; it does not prove that the events happened.
 */
export const INCIDENT_TYPE = 'urn:probity:incident:v1';

export interface IncidentAlert {
  readonly id: string;
  readonly case: string;
  readonly kind: string;
  readonly property?: string;
  /** The event that it is at, and its time. */
  readonly source: string;
  readonly event: string;
  readonly raisedAt: string;
  readonly standing: 'stands' | 'resolved' | 'withdrawn';
  readonly state: 'open' | 'acknowledged' | 'closed';
  readonly assignee?: string;
  /** As the monitor told it: explanation, playbooks. */
  readonly told: object;
  /** What was known when it was raised: the event, a run that fits, legal next steps. */
  readonly detail: object;
  readonly history: readonly {
    readonly at: string;
    readonly actor: string;
    readonly role: string;
    readonly action: string;
    readonly text: string;
  }[];
}

/** A playbook that is or was carried out about it: who approved what and when, what came of it. */
export interface IncidentResponse {
  readonly id: string;
  /** The alert or the incident. */
  readonly subject: string;
  /** `sha256:<hex>` of its text. */
  readonly playbook: { readonly id: string; readonly name: string; readonly digest: string };
  /** Whether it was verified to help; else `reason` says why it was used. */
  readonly verified: boolean;
  readonly reason?: string;
  readonly state: 'running' | 'completed' | 'failed' | 'cancelled';
  readonly startedAt: string;
  readonly history: readonly {
    readonly at: string;
    readonly actor: string;
    readonly role: string;
    readonly action: string;
    /** The name of the step. */
    readonly step: string;
    readonly text: string;
  }[];
}

/** The subject is what it is about, by its id, with the SHA-256 of the canonical `alerts`. */
export interface IncidentStatement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly [Subject];
  readonly predicateType: typeof INCIDENT_TYPE;
  readonly predicate: {
    readonly id: string;
    readonly issuer: { readonly name: string; readonly key: string };
    readonly issuedAt: string;
    readonly about: 'alert' | 'incident';
    readonly monitor: {
      readonly id: string;
      readonly name: string;
      readonly version: number;
      /** `sha256:<hex>` of the text of the mapping. */
      readonly mapping: string;
      readonly settings: object;
    };
    /** `sha256:<hex>` of the canonical document: what verdicts name the model by. */
    readonly model: { readonly name: string; readonly digest: string };
    /** How many alerts and cases there are; `alerts` has the first of them. */
    readonly extent: { readonly alerts: number; readonly cases: number };
    readonly alerts: readonly IncidentAlert[];
    /** Absent where no playbook was carried out. */
    readonly responses?: readonly IncidentResponse[];
  };
}

/** `incident.json`: a statement with what proves its place in the log. */
export interface IncidentFile extends LoggedStatement {
  readonly v: 1;
  readonly kind: 'incident';
}
