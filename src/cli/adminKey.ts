import { hostname, userInfo } from 'node:os';
import type { Config } from '../config/index.ts';
import type { Io } from './io.ts';
import { openOwnDatabase } from './ownDatabase.ts';

/**
 * `probity keys admin`: a new key for an admin, where the last one is lost. Whoever can read the
 * database needs no key of ours; that one was made this way is written down for the audit.
 */
export async function makeAdminKey(
  config: Pick<Config, 'databaseUrl'>,
  dataDir: string,
  { name, json }: { readonly name: string; readonly json: boolean },
  io: Io,
): Promise<number> {
  const { store, close } = await openOwnDatabase(config, dataDir);
  try {
    const { key, record } = await store.keys.create({ name, role: 'admin' });
    await store.audit.add({
      actor: 'local',
      role: 'admin',
      operation: 'createApiKey',
      subject: record.id,
      detail: `admin, by \`probity keys admin\` as ${userInfo().username} on ${hostname()}`,
    });
    if (json) io.stdout(`${JSON.stringify({ key, apiKey: record }, null, 2)}\n`);
    else {
      io.stdout(`${key}\n`);
      io.stderr(
        `an admin key, ${record.id}: shown this once, and not stored. Revoke the lost one with revokeApiKey; apiKeys lists them\n`,
      );
    }
    return 0;
  } finally {
    await close();
  }
}
