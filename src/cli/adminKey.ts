import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import { ownConfig } from '../config/index.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT } from './io.ts';
import { FIRST_ORGANISATION } from '../store/index.ts';
import { openOwnDatabase } from './ownDatabase.ts';

/**
 * `probity keys admin`: a new key for an admin, where the last one is lost. Whoever can read the
 * database needs no key of ours; that one was made this way is written down for the audit.
 */
export async function makeAdminKey(
  { data, name }: { readonly data: string | undefined; readonly name: string },
  io: CommandIo,
): Promise<Ended> {
  const config = ownConfig();
  if (!config.ok) return config;
  const dataDir = resolve(data ?? config.value.dataDir);
  const { store, close } = await openOwnDatabase(config.value, dataDir);
  const { keys, audit } = store.of(FIRST_ORGANISATION);
  try {
    const { key, record } = await keys.create({ name, role: 'admin' });
    await audit.add({
      actor: 'local',
      role: 'admin',
      operation: 'createApiKey',
      subject: record.id,
      detail: `admin, by \`probity keys admin\` as ${userInfo().username} on ${hostname()}`,
    });
    if (!io.json)
      io.stderr(
        `an admin key, ${record.id}: shown this once, and not stored. Revoke the lost one with revokeApiKey; apiKeys lists them\n`,
      );
    return { exit: EXIT.ok, json: { key, apiKey: record }, text: () => `${key}\n` };
  } finally {
    await close();
  }
}
