import type { NodeKind, Trigger } from './diagram.ts';

/**
 * What becomes of a BPMN element inside a process. One element, one entry; an element without an
 * entry is unsupported.
 */
export type ElementRole =
  | { readonly role: 'node'; readonly kind: NodeKind; readonly trigger: Trigger }
  | {
      readonly role: 'event';
      readonly kind: NodeKind;
      readonly triggers: Readonly<Record<string, Trigger>>;
    }
  | { readonly role: 'flow' }
  /** An activity with a process inside. */
  | { readonly role: 'subProcess' }
  /** Says something to people, nothing about the order of things. */
  | { readonly role: 'silent' };

const task: ElementRole = { role: 'node', kind: 'task', trigger: 'none' };
const silent: ElementRole = { role: 'silent' };
const gateway = (kind: NodeKind): ElementRole => ({ role: 'node', kind, trigger: 'none' });
const MESSAGE = { 'bpmn:MessageEventDefinition': 'message' } as const;
const TIMER = { 'bpmn:TimerEventDefinition': 'timer' } as const;
const TERMINATE = { 'bpmn:TerminateEventDefinition': 'terminate' } as const;
const CONDITION = { 'bpmn:ConditionalEventDefinition': 'condition' } as const;
const SIGNAL = { 'bpmn:SignalEventDefinition': 'signal' } as const;
const LINK = { 'bpmn:LinkEventDefinition': 'link' } as const;
const ESCALATION = { 'bpmn:EscalationEventDefinition': 'escalation' } as const;
const COMPENSATE = { 'bpmn:CompensateEventDefinition': 'compensate' } as const;
const CANCEL = { 'bpmn:CancelEventDefinition': 'cancel' } as const;
const ERROR = { 'bpmn:ErrorEventDefinition': 'error' } as const;

export const ELEMENTS: ReadonlyMap<string, ElementRole> = new Map([
  // activities, §10.3
  ['bpmn:Task', task],
  ['bpmn:UserTask', task],
  ['bpmn:ServiceTask', task],
  ['bpmn:SendTask', task],
  ['bpmn:ManualTask', task],
  ['bpmn:ScriptTask', task],
  ['bpmn:BusinessRuleTask', task],
  ['bpmn:ReceiveTask', { role: 'node', kind: 'task', trigger: 'message' }],
  ['bpmn:CallActivity', task],
  ['bpmn:SubProcess', { role: 'subProcess' }],
  ['bpmn:AdHocSubProcess', { role: 'subProcess' }],
  ['bpmn:Transaction', { role: 'subProcess' }],
  // gateways, §10.6
  ['bpmn:ExclusiveGateway', gateway('exclusive')],
  ['bpmn:InclusiveGateway', gateway('inclusive')],
  ['bpmn:ParallelGateway', gateway('parallel')],
  ['bpmn:ComplexGateway', gateway('complex')],
  ['bpmn:EventBasedGateway', gateway('eventBased')],
  // events, §10.5
  [
    'bpmn:StartEvent',
    {
      role: 'event',
      kind: 'start',
      triggers: {
        ...MESSAGE,
        ...TIMER,
        ...CONDITION,
        ...SIGNAL,
        ...ERROR,
        ...ESCALATION,
        ...COMPENSATE,
      },
    },
  ],
  [
    'bpmn:IntermediateCatchEvent',
    {
      role: 'event',
      kind: 'catch',
      triggers: { ...MESSAGE, ...TIMER, ...CONDITION, ...SIGNAL, ...LINK },
    },
  ],
  [
    'bpmn:IntermediateThrowEvent',
    {
      role: 'event',
      kind: 'throw',
      triggers: { ...MESSAGE, ...SIGNAL, ...LINK, ...ESCALATION, ...COMPENSATE },
    },
  ],
  [
    'bpmn:BoundaryEvent',
    {
      role: 'event',
      kind: 'boundary',
      triggers: {
        ...MESSAGE,
        ...TIMER,
        ...CONDITION,
        ...SIGNAL,
        ...ERROR,
        ...ESCALATION,
        ...COMPENSATE,
        ...CANCEL,
      },
    },
  ],
  [
    'bpmn:EndEvent',
    {
      role: 'event',
      kind: 'end',
      triggers: {
        ...MESSAGE,
        ...SIGNAL,
        ...ERROR,
        ...ESCALATION,
        ...TERMINATE,
        ...COMPENSATE,
        ...CANCEL,
      },
    },
  ],
  // connections, §8.4.13
  ['bpmn:SequenceFlow', { role: 'flow' }],
  // data without a type, §10.4
  ['bpmn:DataObject', silent],
  ['bpmn:DataObjectReference', silent],
  ['bpmn:DataStoreReference', silent],
] satisfies readonly (readonly [string, ElementRole])[]);

/**
 * Root elements that show behaviour which this frontend does not read. The other roots are
 * declarations or none of its business.
 */
export const UNSUPPORTED_ROOTS: ReadonlySet<string> = new Set([
  'bpmn:Choreography',
  'bpmn:GlobalChoreographyTask',
  'bpmn:GlobalConversation',
]);

/**
 * Events whose trigger the standard does not know at that place (tables 10.84 to 10.90): a mistake,
 * not a missing feature.
 */
export const MISPLACED: Readonly<Record<string, ReadonlySet<string>>> = {
  'bpmn:StartEvent': definitions('Terminate', 'Link', 'Cancel'),
  'bpmn:IntermediateCatchEvent': definitions(
    'Terminate',
    'Cancel',
    'Compensate',
    'Error',
    'Escalation',
  ),
  'bpmn:IntermediateThrowEvent': definitions(
    'Terminate',
    'Cancel',
    'Timer',
    'Conditional',
    'Error',
  ),
  'bpmn:BoundaryEvent': definitions('Terminate', 'Link'),
  'bpmn:EndEvent': definitions('Timer', 'Conditional', 'Link'),
};

function definitions(...names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => `bpmn:${name}EventDefinition`));
}

/** Which kinds may stand at the two ends of a message flow (table 7.4). */
export const SENDERS: ReadonlySet<NodeKind> = new Set(['task', 'throw', 'end']);
export const RECEIVERS: ReadonlySet<NodeKind> = new Set(['task', 'start', 'catch', 'boundary']);
