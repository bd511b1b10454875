import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  CATALOGUE_SHAPE,
  readCatalogue,
  referencesOf,
} from '../../src/checking/attackSets/catalogue.ts';
import { schemaFrom } from '../../src/yaml/shape.ts';
import { AUTOMATED_THREATS } from '../../src/threats/automatedThreats.ts';
import { OPERATORS } from '../../src/threats/operators/index.ts';
import { golden } from '../golden.ts';
import { describeShared, sharedPath } from '../shared.ts';
import { analyse } from '../threats/model.ts';

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'probity-catalogue-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const OWN = `id: jammer
operator: drop
appliesTo: [drop.note]
name: A jammer behind the ramp
description: The radio is jammed.
preconditions: Somebody is near.
references: [CWE-636 Not Failing Securely]
mitigation: Send again.
requirements: []
`;

it('the catalogue of the package has an entry for each operator', () => {
  const read = readCatalogue();
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  expect(read.value.map(({ operator }) => operator).sort()).toEqual(
    OPERATORS.map(({ name }) => name).sort(),
  );
  for (const { references } of read.value)
    for (const reference of references) expect(reference).toMatch(/^(OAT-0\d\d|CWE-\d+) [A-Z]/);
});

it('an entry of the user adds to those of the package, or takes the place of one', () => {
  const more = readCatalogue([folderOf({ 'jammer.yaml': OWN })]);
  if (!more.ok) throw new Error(JSON.stringify(more.problems));
  const of = (id: string) => referencesOf(more.value, { id, operator: 'drop' });
  expect(of('drop.note')).toEqual(['CWE-636 Not Failing Securely']);
  expect(of('drop.bill')).toEqual([]);
  const other = readCatalogue([folderOf({ 'forge.yaml': OWN.replace('id: jammer', 'id: forge') })]);
  expect(other.ok && other.value).toHaveLength(OPERATORS.length);
  expect(other.ok && other.value.some(({ operator }) => operator === 'forge')).toBe(false);
});

it('what is wrong in a file names the file and the place', () => {
  const folder = folderOf({
    'a.yaml': OWN.replace('operator: drop', 'operator: dorp'),
    'b.yaml': OWN.replace('CWE-636 Not Failing Securely', 'OAT-099 Nothing'),
    'c.yaml': OWN.replace('name: A', 'names: A'),
    'd.yaml': 'id: [',
    'e.txt': 'none of it',
  });
  const read = readCatalogue([folder, join(folder, 'not-there')]);
  const told = read.ok
    ? []
    : read.problems.map(({ code, path, line }) => `${code} ${path.replace(folder, '')} ${line}`);
  expect(told).toEqual([
    'THREAT_UNKNOWN /a.yaml: operator 2',
    'OPTION_INVALID /b.yaml: references.0 7',
    'MISSING_KEY /c.yaml 1',
    'UNKNOWN_KEY /c.yaml: names 4',
    'YAML_SYNTAX /d.yaml 1',
    'INPUT_UNREADABLE /not-there undefined',
  ]);
  mkdirSync(join(folder, 'empty'));
  expect(readCatalogue([join(folder, 'empty')]).ok).toBe(true);
});

it('an analysis names the references of each threat', async () => {
  const source = `probity: 1
name: Note
variables: { got: { type: bool, init: false }, sent: { type: bool, init: false } }
actors: { shop: {}, bank: {} }
channels: { note: { from: bank, to: shop, carries: { n: bool }, medium: public } }
actions:
  send: { actor: bank, when: not(sent), then: { sent: true }, send: { note: { n: true } } }
  take: { actor: shop, receive: { note: m }, then: { got: m.n } }
final: true
`;
  const catalogue = [folderOf({ 'jammer.yaml': OWN })];
  const answer = await analyse(source, { threats: ['drop.note', 'replay.note'], catalogue });
  const found = answer.ok ? answer.value.ids : [];
  const of = (id: string) => found.find((each) => each.id === id)?.references;
  expect(of('drop.note')).toEqual(['CWE-636 Not Failing Securely']);
  expect(of('replay.note')).toEqual(['CWE-294 Authentication Bypass by Capture-replay']);
});

it('threat.schema.json is printed from the table that the reader walks', () => {
  golden(
    'schemas/threat.schema.json',
    schemaFrom('threat', 'An entry of the catalogue of threats', CATALOGUE_SHAPE),
  );
});

describeShared('the automated threats of OWASP', () => {
  it('are those of the published list', () => {
    const rows = readFileSync(sharedPath('threats', 'owasp_oat.csv'), 'utf8')
      .split('\n')
      .slice(1)
      .filter((line) => line.startsWith('OAT-'))
      .map((line) => line.split(',').slice(0, 2).join(' '));
    const mine = [...AUTOMATED_THREATS].flatMap(([id, names]) => names.map((n) => `${id} ${n}`));
    expect(mine).toEqual(rows);
  });
});
