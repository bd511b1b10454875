import type { ActionDocument } from '../../model/document.ts';

/** What a step of a playbook does, in the model's own language; who does it may be left open. */
export type StepEffect = Omit<ActionDocument, 'actor' | 'fair' | 'perMessage' | 'elementId'> & {
  readonly actor?: string;
};

/** One place of a playbook's flow. `id` is that of its step; next places are numbers of places. */
export type FlowPlace =
  | {
      readonly kind: 'act';
      readonly id: string;
      readonly name: string;
      /** An action of the model, taken as it is; else what the step does by itself. */
      readonly effect: { readonly action: string } | StepEffect;
      /** FEEL: where this is so there is nothing to do, and the playbook goes on. */
      readonly unless?: string;
      /** The role whose approval it waits for. */
      readonly approval?: string;
      /** The threats whose steps are over once it was taken. */
      readonly blocks: readonly string[];
      readonly next: number;
      /** Where it goes on if the step fails; nothing: that it fails was not read. */
      readonly failed?: number;
      /** Milliseconds from when it is carried out until it has failed. */
      readonly timeoutMs?: number;
    }
  | {
      readonly kind: 'decide';
      readonly id: string;
      readonly name: string;
      /** FEEL over the state of the model. */
      readonly condition: string;
      readonly yes: number;
      readonly no: number;
    };

/** The steps of a playbook, each place once; `places.length` is where it is completed. */
export interface PlaybookFlow {
  readonly start: number;
  readonly places: readonly FlowPlace[];
}
