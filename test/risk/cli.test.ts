import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { riskCommand } from '../cli/run.ts';
import { repository } from './fixture.ts';

const model = repository('specs/demo/parcel-risk.yaml');
const events = repository('specs/demo/parcel-events.csv');
const weights = repository('specs/demo/parcel-weights.json');

async function run(...args: string[]): Promise<{ exit: number; out: string; err: string }> {
  let [out, err] = ['', ''];
  const exit = await riskCommand(args, {
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  return { exit, out, err };
}

describe('probity risk', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'probity-risk-'));
  });

  it('says the number, its interval and what it rests on', async () => {
    const { exit, out, err } = await run(
      model,
      '--events',
      events,
      '--property',
      'notStolen',
      '--cases',
      '500',
    );
    expect({ exit, err }).toEqual({ exit: 0, err: '' });
    expect(out).toMatch(
      /^Last mile · native · sha256:[0-9a-f]{6}… · 15 states · 300 cases, 726 events\n/,
    );
    expect(out).toMatch(
      /notStolen {2}a case is lost with probability at most 0\.\d+ % · 95 % posterior interval 0 % to 0\.\d+ %/,
    );
    expect(out).toMatch(/counted: 0 of 300 cases .* 95 % Clopper–Pearson interval 0 % to 1\.22 %/);
    expect(out).toMatch(/in 500 cases: 95 % predictive interval 0 to \d+ losses · at least one/);
    expect(out).toMatch(/never part of it · 10000 draws, seed 1/);
  });

  it('reads a log by a mapping, and shows where one is wrong', async () => {
    const mapping = join(folder, 'mapping.yaml');
    const log = join(folder, 'mapped.csv');
    await writeFile(log, 'parcel,activity\n1,out\n1,home\n2,out\n2,gone\n');
    const text = [
      'probityMapping: 1',
      'case: $.data.parcel',
      'events:',
      '  - { type: out, action: load }',
      '  - { type: home, action: handOver }',
      '  - { type: gone, action: steal }',
    ].join('\n');
    await writeFile(mapping, text);
    const args = [model, '--events', log, '--property', 'notStolen', '--mapping', mapping];
    const { exit, out } = await run(...args);
    expect(exit).toBe(0);
    expect(out).toMatch(/taken to happen without events: .*leaveOnPorch/);
    expect(out).toMatch(/no event tells of keep, by which a case can be lost/);
    await writeFile(mapping, text.replace('action: steal', 'action: stel'));
    const refused = await run(...args);
    expect(refused.exit).toBe(2);
    expect(refused.err).toMatch(
      /MAPPING_SHAPE.*6:27.*no action `stel`; did you mean `steal`\?[^]*\^/u,
    );
  });

  it('takes the states that are a loss instead of a property', async () => {
    const ask = async (...loss: string[]): Promise<{ property: string; probability: object }> => {
      const { exit, out, err } = await run(model, '--events', events, ...loss, '--json');
      expect({ exit, err }).toEqual({ exit: 0, err: '' });
      return JSON.parse(out) as { property: string; probability: object };
    };
    const [named, where] = [
      await ask('--property', 'notStolen'),
      await ask('--where', 'place = stolen'),
    ];
    expect(where.property).toBe('place = stolen');
    expect(where.probability).toEqual(named.probability);
    const unknown = await run(model, '--events', events, '--where', 'place = gone');
    expect(unknown.exit).toBe(2);
    expect(unknown.err).toMatch(/NAME_UNKNOWN.*--where.*gone/u);
    const both = await run(model, '--events', events, '--property', 'notStolen', '--where', 'true');
    expect(both.exit).toBe(2);
  });

  it('warns of everything that weakens the number', async () => {
    const log = join(folder, 'log.csv');
    await writeFile(log, 'case,activity,depot\n1,load,north\n1,fly,\n2,load,\n');
    const { exit, out } = await run(model, '--events', log, '--property', 'notStolen');
    expect(exit).toBe(0);
    for (const words of [
      /no number: 50 % of the cases leave the model/,
      /whatever became of the cases outside the model/,
      /1 of 2 cases leave the model; first: 1, row 3: fly is no action/,
      /1 cases end where/,
      /name nothing in the model: depot/,
      /no ratio could be found with so few losses/,
    ])
      expect(out).toMatch(words);
  });

  it('gives JSON', async () => {
    const { out } = await run(
      model,
      '--events',
      events,
      '--property',
      'notStolen',
      '--json',
      '--draws',
      '150',
      '--seed',
      '9',
    );
    expect(JSON.parse(out)).toMatchObject({
      v: 2,
      property: 'notStolen',
      states: 15,
      card: { sampling: { draws: 150, seed: 9 } },
    });
  });

  it('generates the demo log, and tells the truth behind it', async () => {
    const { exit, out, err } = await run(
      model,
      '--generate',
      '300',
      '--weights',
      weights,
      '--seed',
      '2026',
      '--property',
      'notStolen',
    );
    expect(exit).toBe(0);
    expect(out).toBe(await readFile(events, 'utf8'));
    expect(err).toMatch(/^notStolen: a case is lost with probability 0\.00498150924537/);
  });

  it.each([
    [[], 'OPTION_INVALID'],
    [[model], 'OPTION_INVALID'],
    [[model, '--events', events], 'OPTION_INVALID'],
    [[model, '--generate', '3'], 'OPTION_INVALID'],
    [[model, '--events', events, '--property', 'notStolen', '--seed', '-1'], 'OPTION_INVALID'],
    [[model, '--events', events, '--property', 'notStolen', '--draws', '1'], 'OPTION_INVALID'],
    [[model, '--events', events, '--property', 'notStolen', '--log-end', 'soon'], 'OPTION_INVALID'],
    [[model, '--colour'], 'OPTION_INVALID'],
    [[model, '--events', 'missing.csv', '--property', 'notStolen'], 'INPUT_UNREADABLE'],
    [[model, '--events', model, '--property', 'notStolen'], 'EVENT_LOG_SYNTAX'],
    [[model, '--events', events, '--property', 'canBeHanded'], 'RISK_PROPERTY'],
    [[model, '--generate', '3', '--weights', events], 'WEIGHTS_SHAPE'],
  ])('%j is bad input', async (args, code) => {
    const { exit, out, err } = await run(...args);
    expect(exit).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(new RegExp(`^${code} `));
    expect(JSON.parse((await run(...args, '--json')).out)).toMatchObject({ problems: [{ code }] });
  });

  it('has a help', async () => {
    expect((await run('--help')).out).toMatch(/^probity risk FILE \[options\]/);
  });
});
