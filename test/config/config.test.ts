import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, misspelt } from '../../src/config/index.ts';

describe('the configuration', () => {
  it('has a default for everything, and is frozen to the bottom', () => {
    const config = loadConfig({});
    if (!config.ok) throw new Error('refused');
    expect(config.value).toEqual({
      dataDir: join(homedir(), '.probity'),
      cacheDir: join(homedir(), '.probity', 'cache'),
      host: '127.0.0.1',
      port: 4600,
      databaseUrl: undefined,
      redisUrl: undefined,
      workers: 2,
      warmJvms: 1,
      leaseMs: 30_000,
      origin: 'probity.local',
      logLevel: 'info',
      limits: {
        costPerSecond: 20_000,
        openRuns: 10_000,
        storedMb: 10_240,
        uploadMb: 256,
        uploadsMb: 2_048,
        uploadDays: 7,
        approvalDays: 7,
        monitorCases: 20_000,
        announcementDays: 90,
        timeoutMs: 3_600_000,
        memoryMb: 65_536,
        maxStates: 100_000_000,
        trustProxy: 0,
      },
      corsOrigins: [],
      webhooks: { allow: [], http: false, timeoutMs: 15_000 },
      oidc: undefined,
      lti: undefined,
      logDir: undefined,
      witnesses: undefined,
      iota: {
        network: 'emulated',
        url: undefined,
        packageId: undefined,
        retentionYears: 10,
        intervalS: 0,
        maxPerDay: 1_000_000,
        gasBudget: undefined,
        explorer: undefined,
      },
    });
    expect(Object.isFrozen(config.value) && Object.isFrozen(config.value.iota)).toBe(true);
  });

  it('spends with care where anchors cost', () => {
    const config = loadConfig({
      PROBITY_IOTA_NETWORK: 'mainnet',
      PROBITY_WITNESSES: '/w',
      PROBITY_LOG_DIR: '/log',
    });
    expect(config).toMatchObject({
      ok: true,
      value: {
        iota: { intervalS: 600, maxPerDay: 200 },
        witnesses: { policy: '/w', timeoutMs: 5_000 },
        logDir: '/log',
      },
    });
    expect(loadConfig({ PROBITY_IOTA_GAS_BUDGET: '1' }).ok).toBe(false);
    expect(loadConfig({ PROBITY_IOTA_NETWORK: 'stardust' })).toMatchObject({
      ok: false,
      problems: [{ path: 'PROBITY_IOTA_URL' }],
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(loadConfig({ PROBITY_PORT: '', DATABASE_URL: ' ', REDIS_URL: '' })).toEqual(
      loadConfig({}),
    );
  });

  it('reports all that is wrong at once, and repeats no value that may carry a password', () => {
    const config = loadConfig({
      PROBITY_PORT: '65536',
      PROBITY_WORKERS: 'many',
      PROBITY_LEASE_MS: '-1',
      DATABASE_URL: 'mysql://root:secret@db',
      REDIS_URL: 'secret',
      PROBITY_ORIGIN: 'a b',
      PROBITY_IOTA_NETWORK: 'moon',
      PROBITY_IOTA_URL: 'file:///etc',
      PROBITY_IOTA_PACKAGE: 'x',
      PROBITY_IOTA_RETENTION_YEARS: '1e2',
      PROBITY_LOG_LEVEL: 'loud',
    });
    const problems = config.ok ? [] : config.problems;
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'DATABASE_URL',
      'PROBITY_IOTA_NETWORK',
      'PROBITY_IOTA_PACKAGE',
      'PROBITY_IOTA_RETENTION_YEARS',
      'PROBITY_IOTA_URL',
      'PROBITY_LEASE_MS',
      'PROBITY_LOG_LEVEL',
      'PROBITY_ORIGIN',
      'PROBITY_PORT',
      'PROBITY_WORKERS',
      'REDIS_URL',
    ]);
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['OPTION_INVALID']));
    expect(JSON.stringify(problems)).not.toContain('secret');
  });

  it('takes no path that depends on the current folder', () => {
    const names = [
      'PROBITY_DATA_DIR',
      'PROBITY_CACHE_DIR',
      'PROBITY_LOG_DIR',
      'PROBITY_WITNESSES',
      'JAVA_HOME',
      'TLA2TOOLS_JAR',
      'TMPDIR',
      'Z3_BIN',
      'CVC5_BIN',
      'CHROMIUM_BIN',
    ];
    for (const name of names)
      for (const value of ['./x', 'x/y', '../x'])
        expect(loadConfig({ [name]: value }), name).toMatchObject({
          ok: false,
          problems: [{ code: 'OPTION_INVALID', path: name }],
        });
    for (const name of names) expect(loadConfig({ [name]: '/x' }).ok, name).toBe(true);
    expect(loadConfig({ Z3_BIN: 'z3' }).ok).toBe(true);
    for (const HOME of ['', 'x', '.']) {
      expect(loadConfig({ HOME })).toMatchObject({ ok: false, problems: [{ path: 'HOME' }] });
      expect(loadConfig({ HOME, PROBITY_DATA_DIR: '/x' }).ok).toBe(true);
    }
  });
});

describe('a misspelt variable', () => {
  it('is said, with the one that was meant', () => {
    expect(misspelt({ PROBITY_DATADIR: '/x', PROBITY_WORKER: '3', PROBITY_PORT: '1' })).toEqual([
      'PROBITY_DATADIR is no setting; did you mean `PROBITY_DATA_DIR`?',
      'PROBITY_WORKER is no setting; did you mean `PROBITY_WORKERS`?',
    ]);
  });

  it('is nothing that is like none of ours: a name for a PIN, the variables of others', () => {
    expect(
      misspelt({
        PROBITY_PIN: '1',
        PROBITY_KEY: 'k',
        PROBITY_RUNS: '5',
        DATABASE_UR: '',
        HOME: '/',
      }),
    ).toEqual([]);
  });
});
