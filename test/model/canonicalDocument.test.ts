import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { digestOf } from '../../src/canonical/index.ts';
import { readNative } from '../../src/frontends/native/index.ts';
import { canonicalDocument } from '../../src/model/canonicalDocument.ts';
import { typecheck } from '../../src/model/typecheck.ts';
import type { ModelDocument } from '../../src/model/document.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { repository } from '../golden.ts';
import { describeShared, sharedPath } from '../shared.ts';

function canonical(source: string): ModelDocument {
  const native = readNative(source);
  if (!native.ok) throw new Error(JSON.stringify(native.problems));
  const model = typecheck(native.value.document, native.value.locate);
  if (!model.ok) throw new Error(JSON.stringify(model.problems));
  return canonicalDocument(native.value.document, model.value);
}

async function digest(source: string): Promise<string> {
  const read = await inspect({ source, format: 'native', name: 'x' });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.digest;
}

const SOURCE = readFileSync(repository('specs/demo/checkout.yaml'), 'utf8');

const BASE = `
probity: 1
name: n
sets: { S: 2 }
variables: { x: { type: map S to int 0..3, init: 0 }, y: { type: "enum [a, b]", init: a } }
actors: { me: {} }
actions: { go: { actor: me, for: { s: S }, when: "x[s]=0 and y=a", controls: { one: "x[s] <= 1", two: y = a }, then: { "x[s]": 1+2*1 } } }
`;

/** The same model in other words. */
const SAME: Readonly<Record<string, string>> = {
  'keys in another order': `
name: n
actions: { go: { then: { "x[s]": 1+2*1 }, controls: { one: "x[s] <= 1", two: y = a }, when: "x[s]=0 and y=a", for: { s: S }, actor: me } }
actors: { me: {} }
variables: { y: { init: a, type: "enum [a, b]" }, x: { init: 0, type: map S to int 0..3 } }
sets: { S: 2 }
probity: 1`,
  'other spelling': BASE.replace('x[s]=0 and y=a', '( x[ s ] = 0 ) and (y = a) // as it was')
    .replace('1+2*1', '1 + (2 * 1)')
    .replace('map S to int 0..3', 'map  S  to  int 0 .. 3')
    .replace('enum [a, b]', 'enum [ a,b ]'),
  'defaults written out': BASE.replace('me: {}', 'me: { trust: trusted }').replace(
    'S: 2',
    'S: [s1, s2]',
  ),
  'controls as a list': BASE.replace(
    '{ one: "x[s] <= 1", two: y = a }',
    '[{ one: "x[s] <= 1" }, { two: y = a }]',
  ),
  'as JSON': JSON.stringify(parse(BASE)),
};

const OTHER: Readonly<Record<string, string>> = {
  'another guard': BASE.replace('y=a', 'y!=a'),
  'controls in another order': BASE.replace(
    'one: "x[s] <= 1", two: y = a',
    'two: y = a, one: "x[s] <= 1"',
  ),
  'members in another order': BASE.replace('[a, b]', '[b, a]'),
  'another initial value': BASE.replace('init: 0', 'init: 1'),
};

describe('the digest', () => {
  for (const [title, source] of Object.entries(SAME))
    it(`does not depend on ${title}`, async () =>
      expect(await digest(source)).toBe(await digest(BASE)));
  for (const [title, source] of Object.entries(OTHER))
    it(`depends on ${title}`, async () =>
      expect(await digest(source)).not.toBe(await digest(BASE)));
});

describe('the canonical document', () => {
  it('is its own canonical document', () => {
    for (const source of [SOURCE, BASE]) {
      const once = canonical(source);
      expect(digestOf(canonical(JSON.stringify(once)))).toBe(digestOf(once));
    }
  });

  it('keeps the meaning of names that JavaScript knows', () => {
    const source =
      'probity: 1\nname: n\nvariables: { __proto__: { type: bool, init: false }, x: { type: bool, init: true } }\nactors: { me: {} }\nactions: { go: { actor: me, then: { __proto__: x } } }';
    const once = canonical(source);
    expect(Object.keys(once.variables)).toEqual(['__proto__', 'x']);
    expect(JSON.stringify(once)).toContain('"__proto__"');
    expect(digestOf(canonical(JSON.stringify(once)))).toBe(digestOf(once));
  });
});

describeShared('the shared models', () => {
  it('canonical of canonical is identical', () => {
    const folder = sharedPath('cases', 'native');
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
      const once = canonical(readFileSync(sharedPath('cases', 'native', file), 'utf8'));
      expect(canonical(JSON.stringify(once)), file).toEqual(once);
    }
  });
});
