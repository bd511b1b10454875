import { PROBITY_EXTENSION } from '../../src/response/playbookShape.ts';

/** A playbook for the parcels of `test/monitor/shop.ts`, with each kind of step that there is. */
export const REST = 'playbook--00000000-0000-4000-8000-000000000001';

const says = (said: object): object => ({ step_extensions: { [PROBITY_EXTENSION]: said } });

const DOCUMENT = {
  type: 'playbook',
  spec_version: 'cacao-2.0',
  id: REST,
  name: 'Ask for the rest',
  created_by: 'identity--00000000-0000-4000-8000-000000000002',
  created: '2026-11-30T12:00:00.000Z',
  modified: '2026-11-30T12:00:00.000Z',
  workflow_start: 'start--1',
  workflow: {
    'start--1': { type: 'start', on_completion: 'action--close' },
    'action--close': {
      type: 'action',
      name: 'Sign the bills',
      commands: [{ type: 'manual', command: 'sign' }],
      timeout: 60_000,
      on_success: 'if-condition--less',
      on_failure: 'action--call',
      ...says({ blocks: ['tamper.bill.amount'], acts: true, approval: 'admin' }),
    },
    'action--call': {
      type: 'action',
      name: 'Call the bank',
      on_completion: 'if-condition--less',
      ...says({ blocks: ['tamper.bill.amount'] }),
    },
    'if-condition--less': {
      type: 'if-condition',
      name: 'Is it not what it weighs?',
      condition: 'Is it not what it weighs?',
      on_true: 'action--rest',
      on_completion: 'end--1',
      ...says({ condition: 'paid != weight' }),
    },
    'action--rest': {
      type: 'action',
      name: 'Settle the rest',
      on_completion: 'end--2',
      ...says({
        then: { paid: 'weight' },
        unless: 'paid = weight',
        acts: true,
        approval: 'responder',
      }),
    },
    'end--1': { type: 'end' },
    'end--2': { type: 'end' },
  },
  playbook_extensions: {
    [PROBITY_EXTENSION]: {
      model: 'Parcel',
      on: [
        { alert: 'broken', property: 'paidInFull', threats: ['tamper.bill.amount'] },
        { alert: 'deviation', threats: ['tamper.bill.amount'] },
      ],
      promises: ['paidInFull'],
    },
  },
};

export const REST_TEXT = JSON.stringify(DOCUMENT);

/** The same under another id, which promises what it does not keep. */
export const WORSE = REST.replace(/1$/u, '9');
export const WORSE_TEXT = JSON.stringify({
  ...DOCUMENT,
  id: WORSE,
  name: 'Do nothing',
  workflow: {
    ...DOCUMENT.workflow,
    'action--rest': { ...DOCUMENT.workflow['action--rest'], ...says({}) },
  },
});
