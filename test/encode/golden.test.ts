import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { encodeSystem } from '../../src/encode/smt/system.ts';
import { printModule } from '../../src/encode/tla/module.ts';
import { hornClauses } from '../../src/engines/z3/spacer.ts';
import type { Semantics } from '../../src/model/semantics.ts';
import { inspect } from '../../src/checking/inspect.ts';
import { goldenText, repository } from '../golden.ts';

async function meaning(path: string): Promise<Semantics> {
  const read = await inspect({
    source: readFileSync(repository(path), 'utf8'),
    format: 'native',
    name: path,
  });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value.semantics;
}

/** What the other engines read, to be read by people too. */
const MODELS: Readonly<Record<string, { readonly path: string }>> = {
  coupon: { path: 'test/golden/check/trace.yaml' },
  checkout: { path: 'specs/demo/checkout.yaml' },
};

describe('printed for the other engines', () => {
  for (const [name, { path }] of Object.entries(MODELS)) {
    it(`${name} as TLA+`, async () => {
      const semantics = await meaning(path);
      goldenText(
        `test/golden/encode/${name}.tla`,
        printModule(
          semantics,
          semantics.model.properties.filter((p) => p.formula.kind !== 'all'),
        ).text,
      );
    });
  }

  it('coupon as Horn clauses', async () => {
    const semantics = await meaning('test/golden/check/trace.yaml');
    const system = encodeSystem(semantics);
    const asked = semantics.model.properties.find((p) => p.name === 'onceOnly');
    if (!asked) throw new Error('onceOnly');
    goldenText(
      'test/golden/encode/coupon.horn.smt2',
      `${hornClauses(system, system.bad(asked), 'true')}\n`,
    );
  });
});
