import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AuditJudge,
  GENESIS,
  linkOf,
  saltedDigest,
  type AuditHead,
  type AuditRow,
} from '../../src/evidence/formats/auditChain.ts';

/** A chain as a service writes one. */
function chain(length: number): AuditRow[] {
  const rows: AuditRow[] = [];
  for (let position = 1; position <= length; position += 1) {
    const who = {
      salt: `salt ${position}`,
      value: { actor: `key_${position % 3}`, address: '8.8.8.8' },
    };
    const what = {
      salt: `grain ${position}`,
      value: { operation: 'verdictRevoke', subject: `ver_${position}` },
    };
    const link = {
      position,
      at: new Date(1_700_000_000_000 + position).toISOString(),
      previous: rows.at(-1)?.link ?? GENESIS,
      whoDigest: saltedDigest(who.salt, who.value),
      whatDigest: saltedDigest(what.salt, what.value),
    };
    rows.push({ ...link, link: linkOf(link), who, what });
  }
  return rows;
}

const headOf = (rows: readonly AuditRow[]): AuditHead => {
  const { position, link } = rows.at(-1)!;
  return { position, link };
};

function faults(rows: readonly AuditRow[], until?: AuditHead): string[] {
  const judge = new AuditJudge({ position: 0, link: GENESIS });
  for (const row of rows) judge.add(row);
  return judge.end(until).findings.map(({ position, fault }) => `${position} ${fault}`);
}

const whole = chain(12);
const head = headOf(whole);
const swapped = (i: number, j: number): AuditRow[] =>
  whole.map((row, at) => whole[at === i ? j : at === j ? i : at] ?? row);

describe('a chain of what was asked for', () => {
  it('is whole where nobody touched it, and where who or what was erased', () => {
    expect(faults(whole, head)).toEqual([]);
    const forgotten = whole.map((row, index) => ({
      ...row,
      ...(index % 2 === 0 && { who: null }),
      ...(index % 3 === 0 && { what: null }),
    }));
    expect(faults(forgotten, head)).toEqual([]);
    const judge = new AuditJudge();
    for (const row of forgotten.slice(4)) judge.add(row);
    expect(judge.end(head)).toMatchObject({ findings: [], rows: 8, erased: 5, head });
  });

  it.each([
    ['a row taken out', whole.toSpliced(4, 1), ['6 removed']],
    ['the first ones taken out', whole.slice(2), ['3 removed']],
    ['the last ones taken out', whole.slice(0, -2), ['11 removed']],
    ['all taken out', [], ['1 removed']],
    ['two rows exchanged', swapped(3, 4), ['5 removed', '4 reordered', '6 removed']],
    ['a row twice', whole.toSpliced(5, 0, whole[4]!), ['5 reordered']],
  ])('shows %s', (_name, rows, expected) => expect(faults(rows, head)).toEqual(expected));

  it('shows any value that was changed, whoever computes the digest of the row again', () => {
    const row = whole[4]!;
    const forged: readonly AuditRow[] = [
      { ...row, at: '2020-01-01T00:00:00.000Z' },
      { ...row, who: { ...row.who!, value: { actor: 'key_9', address: '8.8.8.8' } } },
      { ...row, what: { ...row.what!, value: { operation: 'viewer', subject: 'x' } } },
      { ...row, whoDigest: saltedDigest('other', {}), who: null },
      { ...row, link: GENESIS },
      { ...row, previous: GENESIS },
    ];
    for (const each of forged) {
      expect(faults(whole.with(4, each), head)).toContain('5 changed');
      // With a link that is of the forged row the next one does not follow.
      const value = each.who ?? row.who!;
      const again = {
        ...each,
        whoDigest: each.who ? saltedDigest(value.salt, value.value) : each.whoDigest,
        whatDigest: each.what ? saltedDigest(each.what.salt, each.what.value) : each.whatDigest,
      };
      const relinked = { ...again, link: linkOf(again) };
      if (relinked.link !== row.link)
        expect(faults(whole.with(4, relinked), head)).toContain('6 unlinked');
    }
  });

  it('shows a chain that was made again from some row on, by the head that is known', () => {
    const other = chain(12).map((row) => ({ ...row }));
    let previous = other[6]!.link;
    for (let index = 7; index < 12; index += 1) {
      const link = { ...other[index]!, previous, at: '2030-01-01T00:00:00.000Z' };
      other[index] = { ...link, link: linkOf(link) };
      previous = other[index]!.link;
    }
    expect(faults(other)).toEqual([]);
    expect(faults(other, head)).toEqual(['12 unlinked']);
  });

  it('shows every single removal, exchange and doubling', () => {
    const forge = fc.tuple(fc.nat(11), fc.nat(11), fc.constantFrom('out', 'move', 'double'));
    fc.assert(
      fc.property(forge, ([from, to, how]) => {
        const row = whole[from]!;
        const rows =
          how === 'out'
            ? whole.toSpliced(from, 1)
            : how === 'double'
              ? whole.toSpliced(to, 0, row)
              : whole.toSpliced(from, 1).toSpliced(to, 0, row);
        fc.pre(how !== 'move' || from !== to);
        expect(faults(rows, head)).not.toEqual([]);
      }),
    );
  });
});
