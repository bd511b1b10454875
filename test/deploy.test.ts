import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from './golden.ts';
import { between, read } from './printed.ts';
import { describeTool } from './tools.ts';

/** What is in `deploy`, as far as that can be held without a daemon: docs/operate.md says how far. */

/** Settings that a service reads, and those of the engines. */
const KNOWN = new Set([
  ...[...between('docs/api.md', 'environment').matchAll(/^\| `([A-Z0-9_]+)`/gmu)].map(
    ([, name]) => name,
  ),
  'TLA2TOOLS_JAR',
]);

const UNITS = ['deploy/probity.service', 'deploy/probity-worker@.service'];

/** The source of a compiled file of ours. */
const sourceOf = (compiled: string): string =>
  compiled.replace(/^.*dist\//u, '').replace(/\.js$/u, '.ts');

describe('deploy/Dockerfile', () => {
  const lines = read('deploy/Dockerfile').replaceAll('\\\n', ' ').split('\n');
  const of = (word: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

  it('has two stages, and runs as nobody special', () => {
    expect(of('FROM')).toHaveLength(2);
    expect(of('USER')).toEqual(['probity']);
    expect(lines.findIndex((line) => line.startsWith('USER'))).toBeGreaterThan(
      lines.findIndex((line) => line.startsWith('RUN apt-get')),
    );
  });

  it('copies what is there, and all that the package is made of', () => {
    const copied = of('COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    for (const path of copied) expect(existsSync(repository(path)), path).toBe(true);
    const { files } = JSON.parse(read('package.json')) as { files: string[] };
    for (const file of files.filter((each) => !each.startsWith('dist')))
      expect(copied, file).toContain(file.includes('/') ? file.split('/')[0] : file);
  });

  it('starts a file that is compiled, with settings that there are', () => {
    const [entry] = of('ENTRYPOINT').map((line) => JSON.parse(line) as string[]);
    expect(existsSync(repository(sourceOf(entry!.at(-1)!)))).toBe(true);
    const settings = [
      ...of('ENV')
        .join(' ')
        .matchAll(/([A-Z0-9_]+)=/gu),
    ].map(([, name]) => name);
    expect(settings.filter((name) => name !== 'NODE_ENV' && !KNOWN.has(name))).toEqual([]);
  });
});

describe('deploy/compose.yaml', () => {
  interface Compose {
    readonly services: Readonly<
      Record<
        string,
        {
          readonly environment?: Readonly<Record<string, string>>;
          readonly entrypoint?: readonly string[];
          readonly ports?: readonly string[];
          readonly depends_on?: Readonly<Record<string, object>>;
        }
      >
    >;
  }
  const { services } = parse(read('deploy/compose.yaml'), { merge: true }) as Compose;

  it('has API, workers, Postgres and Redis, and settings that there are', () => {
    expect(Object.keys(services).sort()).toEqual(['api', 'postgres', 'redis', 'worker']);
    for (const name of ['api', 'worker'])
      expect(
        Object.keys(services[name]?.environment ?? {}).filter((each) => !KNOWN.has(each)),
      ).toEqual([]);
    const [entry] = services['worker']?.entrypoint?.slice(-1) ?? [];
    expect(existsSync(repository(sourceOf(entry!)))).toBe(true);
    for (const { depends_on: needed = {} } of Object.values(services))
      for (const name of Object.keys(needed)) expect(services).toHaveProperty(name);
  });

  it('opens nothing to the outside', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:4600:4600']);
  });
});

describe('the units', () => {
  it('start files that are compiled', () => {
    for (const unit of UNITS) {
      const [, started = ''] = /^ExecStart=\S+ (\S+)/mu.exec(read(unit)) ?? [];
      expect(existsSync(repository(sourceOf(started))), unit).toBe(true);
      expect(read(unit)).toMatch(/^User=probity$/mu);
    }
  });

  describeTool('systemd', 'as systemd reads them', (command) => {
    it('are what it takes', () => {
      const folder = mkdtempSync(join(tmpdir(), 'probity-units-'));
      for (const unit of UNITS) {
        const file = join(folder, basename(unit).replace('@', '@1'));
        // Where Node and the program lie is the machine's own affair.
        const text = readFileSync(repository(unit), 'utf8')
          .replace('/usr/bin/node', process.execPath)
          .replace('User=probity', 'User=root')
          .replace(/^Documentation=.*$/mu, '');
        writeFileSync(file, text);
        const { stdout, stderr } = spawnSync(command, ['verify', '--man=no', file], {
          encoding: 'utf8',
        });
        const said = `${stdout}${stderr}`
          .split('\n')
          .filter((line) => line.includes(basename(file)));
        expect(said).toEqual([]);
      }
    });
  });
});
