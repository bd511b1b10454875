import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as zlibCrc32, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBundle, writeBundleZip } from '../../src/evidence/bundle/write.ts';
import { utf8 } from '../../src/evidence/formats/encoding.ts';
import { readBundle } from '../../src/evidence/bundle/read.ts';
import { crc32, readZip, writeZip } from '../../src/evidence/formats/zip.ts';
import { installation, sampleCheck } from './fixture.ts';

let folder: string;
let files: Map<string, Uint8Array>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'probity-zip-'));
  ({ files } = await (await installation('honest')).issue(sampleCheck('v1')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly [field: string]: unknown;
}

/**
 * A ZIP as an attacker makes one: each field can be said otherwise, in the directory, in the local
 * header or in both.
 */
function hostileZip(
  entries: readonly Entry[],
  options: {
    before?: Uint8Array;
    between?: Uint8Array;
    behind?: Uint8Array;
    comment?: string;
  } = {},
): Uint8Array {
  const {
    before = Buffer.alloc(0),
    between = Buffer.alloc(0),
    behind = Buffer.alloc(0),
    comment = '',
  } = options;
  const parts: Buffer[] = [Buffer.from(before)];
  const directory: Buffer[] = [];
  let offset = before.length;
  for (const entry of entries) {
    const number = (field: string, otherwise: number): number =>
      (entry[field] as number | undefined) ?? otherwise;
    const method = number('method', 0);
    const data = method === 8 ? deflateRawSync(entry.bytes) : Buffer.from(entry.bytes);
    const header = (kind: 'local' | 'central'): Buffer => {
      const name = Buffer.from((entry[`${kind}Name`] as string | undefined) ?? entry.name);
      const fixed = Buffer.alloc(kind === 'local' ? 30 : 46);
      let at = fixed.writeUInt32LE(kind === 'local' ? 0x04034b50 : 0x02014b50);
      if (kind === 'central') at = fixed.writeUInt16LE(number('madeBy', 20), at);
      for (const value of [20, number('flags', 0), method, number('time', 0), number('date', 33)])
        at = fixed.writeUInt16LE(value, at);
      at = fixed.writeUInt32LE(number('crc', zlibCrc32?.(entry.bytes) ?? crc32(entry.bytes)), at);
      at = fixed.writeUInt32LE(number(`${kind}Packed`, data.length), at);
      at = fixed.writeUInt32LE(number(`${kind}Size`, entry.bytes.length), at);
      at = fixed.writeUInt16LE(name.length, at);
      at = fixed.writeUInt16LE(0, at);
      if (kind === 'central') {
        fixed.writeUInt32LE(number('attributes', 0), 38);
        fixed.writeUInt32LE(number('offset', offset), 42);
      }
      return Buffer.concat([fixed, name]);
    };
    const local = header('local');
    directory.push(header('central'));
    parts.push(local, data, Buffer.from(between));
    offset += local.length + data.length + between.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(
    Buffer.concat([...parts, central, end, Buffer.from(comment), Buffer.from(behind)]),
  );
}

const a = { name: 'a.txt', bytes: utf8('aaa') };
const b = { name: 'b.txt', bytes: utf8('bbb') };

describe('a bundle as one file', () => {
  it('is read as it was written, and is the same bytes whatever the order of the files', async () => {
    const archive = writeZip(files);
    expect(readZip(archive)).toEqual(new Map([...files].sort(([x], [y]) => (x < y ? -1 : 1))));
    expect(Buffer.compare(archive, writeZip(new Map([...files].toReversed())))).toBe(0);
    expect(readZip(writeZip(new Map()))).toEqual(new Map());
    await writeBundleZip(join(folder, 'one.probity.zip'), files);
    const read = await readBundle(join(folder, 'one.probity.zip'));
    expect(read.ok && [...read.value.keys()].sort()).toEqual([...files.keys()].sort());
    await expect(writeBundleZip(join(folder, 'one.probity.zip'), files)).rejects.toMatchObject({
      code: 'DATA_DIR',
    });
    await expect(writeBundleZip(join(folder, 'no', 'such.zip'), files)).rejects.toMatchObject({
      code: 'DATA_DIR',
    });
  });

  it('is what a standard tool unpacks', async () => {
    await writeFile(join(folder, 'tool.zip'), writeZip(files));
    const script =
      'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1]) as z:\n  assert z.testzip() is None\n  z.extractall(sys.argv[2])';
    const python = spawnSync(
      'python3',
      ['-c', script, join(folder, 'tool.zip'), join(folder, 'unpacked')],
      { encoding: 'utf8' },
    );
    if (python.error) return; // No Python here: the other tests hold the format to its own reader.
    expect(python.stderr).toBe('');
    for (const [path, bytes] of files)
      expect(new Uint8Array(await readFile(join(folder, 'unpacked', path))), path).toEqual(bytes);
  });

  it('is refused with any one byte changed, cut or added', () => {
    const archive = writeZip(new Map([...files].slice(0, 3)));
    for (let at = 0; at < archive.length; at += 1) {
      const copy = Uint8Array.from(archive);
      copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
      expect(readZip(copy), `byte ${at}`).toBeUndefined();
      if (at % 7 === 0) expect(readZip(archive.subarray(0, at)), `cut at ${at}`).toBeUndefined();
    }
    expect(readZip(Uint8Array.from([...archive, 0]))).toBeUndefined();
    expect(readZip(Uint8Array.from([0, ...archive]))).toBeUndefined();
  });

  it('reads what the attacker of this test makes, as long as it says nothing otherwise', () => {
    expect([...(readZip(hostileZip([a, b])) ?? [])]).toEqual([
      ['a.txt', a.bytes],
      ['b.txt', b.bytes],
    ]);
  });

  it.each<[string, Uint8Array]>([
    ['a path that leads out', hostileZip([{ ...a, name: '../a.txt' }])],
    ['an absolute path', hostileZip([{ ...a, name: '/etc/passwd' }])],
    ['a path of Windows', hostileZip([{ ...a, name: 'C:\\a.txt' }])],
    ['a hidden name', hostileZip([{ ...a, name: '.ssh/config' }])],
    ['a NUL in a name', hostileZip([{ ...a, name: 'a\0.txt' }])],
    ['a name that is no ASCII', hostileZip([{ ...a, name: 'ä.txt' }])],
    ['an empty name', hostileZip([{ ...a, name: '' }])],
    ['a folder', hostileZip([{ ...a, name: 'a/', bytes: new Uint8Array(0) }])],
    ['a name twice', hostileZip([a, a])],
    ['names out of order', hostileZip([b, a])],
    ['two names for one entry', hostileZip([{ ...a, localName: 'x.txt', centralName: 'a.txt' }])],
    ['two sizes for one entry', hostileZip([{ ...a, localSize: 2 }])],
    [
      'compression, and so any bomb',
      hostileZip([{ name: 'a.txt', bytes: new Uint8Array(1_000_000), method: 8 }]),
    ],
    ['encryption', hostileZip([{ ...a, flags: 1 }])],
    ['a data descriptor', hostileZip([{ ...a, flags: 8 }])],
    ['UTF-8 names', hostileZip([{ ...a, flags: 0x800 }])],
    ['a wrong CRC', hostileZip([{ ...a, crc: 1 }])],
    ['another date', hostileZip([{ ...a, date: 34 }])],
    ['a link', hostileZip([{ ...a, madeBy: 0x0314, attributes: 0o120777 * 65536 }])],
    ['entries that overlap', hostileZip([a, { ...b, offset: 0 }])],
    ['an offset behind the end', hostileZip([{ ...a, offset: 0xfffffff0 }])],
    [
      'a size behind the end',
      hostileZip([{ ...a, centralSize: 0xfffffff0, centralPacked: 0xfffffff0 }]),
    ],
    ['data before', hostileZip([a], { before: utf8('#!/bin/sh\n') })],
    ['data between', hostileZip([a, b], { between: utf8('hidden') })],
    ['data behind', hostileZip([a], { behind: utf8('x') })],
    ['a comment', hostileZip([a], { comment: 'hello' })],
    [
      'a second end record in a comment',
      hostileZip([a], { comment: Buffer.from(hostileZip([b])).toString('latin1') }),
    ],
    ['nothing', new Uint8Array(0)],
  ])('is refused with %s', (_what, archive) => {
    expect(readZip(archive)).toBeUndefined();
  });

  it('does not make much out of little: ten thousand entries over the same bytes', () => {
    const large = { name: 'aaaaaa.txt', bytes: new Uint8Array(1_000_000) };
    const entries = Array.from({ length: 10_000 }, (_, at) => ({
      name: `${at}.txt`,
      bytes: new Uint8Array(0),
      centralSize: 1_000_000,
      offset: 0,
    }));
    const before = process.memoryUsage().arrayBuffers;
    expect(readZip(hostileZip([large, ...entries]))).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000_000);
  });
});

describe('reading a bundle', () => {
  it('refuses a file that is no archive, a pipe, a link and names that differ in capitals only', async () => {
    await writeFile(join(folder, 'text.zip'), 'PK');
    expect(await readBundle(join(folder, 'text.zip'))).toMatchObject({
      ok: false,
      problems: [{ code: 'BUNDLE_SHAPE' }],
    });
    await writeBundle(
      join(folder, 'capitals'),
      new Map([
        ['README.md', utf8('a')],
        ['readme.md', utf8('b')],
      ]),
    );
    expect(await readBundle(join(folder, 'capitals'))).toMatchObject({
      ok: false,
      problems: [{ code: 'BUNDLE_SHAPE' }],
    });
    await writeBundle(join(folder, 'piped'), new Map([['README.md', utf8('a')]]));
    if (spawnSync('mkfifo', [join(folder, 'piped', 'pipe')]).status === 0) {
      expect(await readBundle(join(folder, 'piped'))).toMatchObject({
        ok: false,
        problems: [{ code: 'BUNDLE_SHAPE' }],
      });
    }
    await writeBundle(join(folder, 'linked'), new Map([['README.md', utf8('a')]]));
    await symlink('/etc/passwd', join(folder, 'linked', 'link'));
    expect(await readBundle(join(folder, 'linked'))).toMatchObject({
      ok: false,
      problems: [{ code: 'BUNDLE_SHAPE' }],
    });
  });

  it('takes an archive by a link, since its reader chose the name', async () => {
    await writeFile(join(folder, 'real.zip'), writeZip(files));
    await symlink(join(folder, 'real.zip'), join(folder, 'link.zip'));
    expect((await readBundle(join(folder, 'link.zip'))).ok).toBe(true);
  });
});
