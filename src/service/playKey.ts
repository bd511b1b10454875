import { join } from 'node:path';
import { secretIn } from './secretFile.ts';
import type { Service } from './service.ts';

/**
 * What tokens of games are sealed with: 32 bytes in `play.key` of the data folder. It signs nothing
 * else: who has it can make up positions of games, no more.
 */
export const playKey = ({ config }: Pick<Service, 'config'>): Promise<Uint8Array> =>
  secretIn(join(config.dataDir, 'play.key'));
