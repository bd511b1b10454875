import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemaFrom } from '../../src/yaml/shape.ts';
import { PLAYBOOK_SHAPE, PROBITY_EXTENSION } from '../../src/response/playbookShape.ts';
import { readPlaybooks } from '../../src/response/playbookLibrary.ts';
import { readPlaybook } from '../../src/response/readPlaybook.ts';
import { golden, repository } from '../golden.ts';
import { extensionOf, NAMES, opened, problemsOf, reportOn, stepOf } from './playbooks.ts';

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });

const HOLD = 'hold-shipment';
const EXTENSION = `playbook_extensions.${PROBITY_EXTENSION}`;

describe('playbooks as files', () => {
  it('playbook.schema.json is printed from the table that the reader walks, and accepts ours', () => {
    const schema = schemaFrom('playbook', 'A playbook that can be verified', PLAYBOOK_SHAPE);
    golden('schemas/playbook.schema.json', schema);
    const accepts = ajv.compile(schema);
    for (const name of NAMES) expect(accepts(opened(name)), name).toBe(true);
    expect(accepts({ ...opened(HOLD), more: 1 })).toBe(false);
  });

  it('playbook-report.schema.json accepts what is told of them', async () => {
    const schema: unknown = JSON.parse(
      readFileSync(repository('schemas/playbook-report.schema.json'), 'utf8'),
    );
    ajv.addSchema(
      JSON.parse(readFileSync(repository('schemas/trace.schema.json'), 'utf8')) as object,
    );
    const accepts = ajv.compile(schema as object);
    const refuted = opened(HOLD);
    delete stepOf(refuted, 'Check the page before').said['blocks'];
    for (const playbook of [opened(HOLD), refuted]) {
      const report: unknown = JSON.parse(JSON.stringify(await reportOn(playbook)));
      expect(accepts(report), ajv.errorsText(accepts.errors)).toBe(true);
      expect(accepts({ ...(report as object), more: 1 })).toBe(false);
    }
    golden('test/golden/playbook/hold-shipment.report.json', await reportOn(opened(HOLD)));
    golden('test/golden/playbook/not-helping.report.json', await reportOn(refuted));
  });

  it('each has an id and a name of its own', () => {
    const read = readPlaybooks();
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    expect(read.value.length).toBeGreaterThanOrEqual(10);
    for (const key of ['id', 'name'] as const)
      expect(new Set(read.value.map(({ playbook }) => playbook[key])).size).toBe(read.value.length);
  });
});

describe('what is wrong with a playbook is told with its place', () => {
  it('a key that is not read, at its line', () => {
    const read = readPlaybook(JSON.stringify({ ...opened(HOLD), workflw: {} }, null, 2));
    expect(read).toMatchObject({ ok: false, problems: [{ code: 'UNKNOWN_KEY', path: 'workflw' }] });
    expect(!read.ok && read.problems[0]?.line).toBeGreaterThan(1);
  });

  it('kinds of steps that are not read are refused with what to write', async () => {
    const playbook = opened(HOLD);
    const { id, step } = stepOf(playbook, 'Hold the shipment');
    step['type'] = 'parallel';
    expect(await problemsOf(playbook)).toEqual([
      expect.objectContaining({
        code: 'PLAYBOOK_UNSUPPORTED',
        path: `workflow.${id}.type`,
        message: 'parallel: steps side by side are not read; put them in some order',
        line: expect.any(Number) as number,
      }),
    ]);
  });

  it('that a step may fail is read where it says where it goes on then', async () => {
    const playbook = opened(HOLD);
    const { id, step } = stepOf(playbook, 'Hold the shipment');
    const asked = stepOf(playbook, 'Is the order finished and not paid?');
    asked.step['on_failure'] = step['on_completion'];
    step['timeout'] = 1000;
    const found = await problemsOf({ ...playbook, workflow_exception: id, revoked: true });
    expect(found.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'PLAYBOOK_UNSUPPORTED revoked',
      'PLAYBOOK_UNSUPPORTED workflow_exception',
      `PLAYBOOK_UNSUPPORTED workflow.${asked.id}.on_failure`,
      `PLAYBOOK_UNSUPPORTED workflow.${id}.timeout`,
    ]);
    delete asked.step['on_failure'];
    step['on_failure'] = step['on_completion'];
    expect((await problemsOf(playbook)).map(({ code, path }) => `${code} ${path}`)).toEqual([
      `PLAYBOOK_SHAPE workflow.${id}.on_completion`,
    ]);
    step['on_success'] = step['on_completion'];
    delete step['on_completion'];
    const read = readPlaybook(JSON.stringify(playbook));
    const places = read.ok ? read.value.flow.places : [];
    expect(places.at(-1)).toMatchObject({ next: 3, failed: 3, timeoutMs: 1000 });
  });

  it('a step that is not there, and one without what it does', async () => {
    const playbook = opened(HOLD);
    const { step } = stepOf(playbook, 'Check the page before');
    step['on_completion'] = 'action--none';
    delete stepOf(playbook, 'Hold the shipment').step['step_extensions'];
    delete stepOf(playbook, 'Is the order finished and not paid?').said['condition'];
    expect((await problemsOf(playbook)).map(({ code }) => code)).toEqual([
      'PLAYBOOK_SHAPE',
      'PLAYBOOK_SHAPE',
      'PLAYBOOK_SHAPE',
    ]);
  });

  it('a step that acts without an approval, or is two things at once', async () => {
    const playbook = opened(HOLD);
    delete stepOf(playbook, 'Hold the shipment').said['approval'];
    stepOf(playbook, 'Hold the shipment').said['action'] = 'ship';
    expect((await problemsOf(playbook)).map(({ path }) => path.split('.').at(-1))).toEqual([
      'then',
      'acts',
    ]);
  });

  it('nothing leads back to the start', async () => {
    const playbook = opened(HOLD);
    stepOf(playbook, 'Hold the shipment').step['on_completion'] = playbook.workflow_start;
    expect((await problemsOf(playbook))[0]?.message).toBe(
      'nothing leads to the start of a workflow',
    );
  });

  it('names that the model lacks, with the nearest', async () => {
    const playbook = opened(HOLD);
    stepOf(playbook, 'Check the page before').said['blocks'] = ['stepSkip.finish.afterPayments'];
    const extension = extensionOf(playbook);
    extension.promises = ['shippedIsPayed', 'canShip'];
    extension.on = [
      { alert: 'broken', property: 'canShip' },
      { alert: 'deviation' },
      { alert: 'doomed', property: 'final', threats: ['forge.nothing'] },
    ];
    const found = await problemsOf(playbook);
    expect(found.map(({ code, path }) => `${code} ${path}`)).toEqual([
      `PLAYBOOK_SHAPE ${EXTENSION}.on.0.property`,
      `PLAYBOOK_UNSUPPORTED ${EXTENSION}.on.1`,
      `PLAYBOOK_SHAPE ${EXTENSION}.on.2.threats.0`,
      `PLAYBOOK_SHAPE ${EXTENSION}.promises.0`,
      `PLAYBOOK_UNSUPPORTED ${EXTENSION}.promises.1`,
      `PLAYBOOK_SHAPE workflow.${stepOf(playbook, 'Check the page before').id}.step_extensions.${PROBITY_EXTENSION}.blocks.0`,
    ]);
    expect(found[3]?.message).toContain('did you mean `shippedIsPaid`');
  });

  it('what a step does is checked like an action of the model', async () => {
    const playbook = opened(HOLD);
    const { id, said } = stepOf(playbook, 'Hold the shipment');
    said['then'] = { order: 'nowhere' };
    const [found] = await problemsOf(playbook);
    expect(found).toMatchObject({
      code: 'NAME_UNKNOWN',
      path: `workflow.${id}.step_extensions.${PROBITY_EXTENSION}.then.order`,
    });
    expect(found?.line).toBeGreaterThan(1);
  });

  it('an action, an actor and another model', async () => {
    const playbook = opened(HOLD);
    const { said } = stepOf(playbook, 'Hold the shipment');
    said['actor'] = 'stranger';
    extensionOf(playbook).model = 'The key is out';
    const codes = (await problemsOf(playbook)).map(({ message }) => message);
    expect(codes.join('\n')).toContain('the model has no actor `stranger`');
    const other = opened(HOLD);
    const step = stepOf(other, 'Hold the shipment');
    for (const key of Object.keys(step.said)) delete step.said[key];
    step.said['action'] = 'shipp';
    expect((await problemsOf(other))[0]?.message).toContain('the model has no action `shipp`');
  });

  it('a folder without playbooks', () => {
    expect(readPlaybooks(repository('specs/threats'))).toMatchObject({
      ok: false,
      problems: [{ code: 'INPUT_UNREADABLE' }],
    });
    expect(readPlaybooks(repository('nowhere'))).toMatchObject({
      ok: false,
      problems: [{ code: 'INPUT_UNREADABLE' }],
    });
  });
});
