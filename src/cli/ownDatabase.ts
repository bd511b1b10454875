import type { Config } from '../config/index.ts';
import {
  openStore,
  runningEmbeddedPostgres,
  startEmbeddedPostgres,
  type Store,
} from '../store/index.ts';

export interface OwnDatabase {
  readonly store: Store;
  close(): Promise<void>;
}

/**
 * The database of this installation, for a command on its machine: the one that is named, the
 * embedded one beside the service that runs it, or the embedded one for as long as the command
 * runs.
 */
export async function openOwnDatabase(
  { databaseUrl }: Pick<Config, 'databaseUrl'>,
  dataDir: string,
): Promise<OwnDatabase> {
  const running = databaseUrl ?? (await runningEmbeddedPostgres(dataDir));
  const postgres = running === undefined ? await startEmbeddedPostgres(dataDir) : undefined;
  const store = await openStore(running ?? postgres?.url ?? '', 2);
  return {
    store,
    close: async () => {
      await store.close();
      await postgres?.stop();
    },
  };
}
