import { join } from 'node:path';

import type { Logger } from '../shared/logger.ts';
import type { Connection } from './connection.ts';

export interface ConnectionOptions {
  /** `postgres://…`; without it PGlite keeps the data in `<dataDir>/db`. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  readonly logger: Logger;
}

/** Only the driver in use is loaded: each costs start-up time and memory. */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  if (options.databaseUrl !== undefined) {
    const { connectPostgres } = await import('./postgres.ts');
    return connectPostgres({ url: options.databaseUrl, log: options.logger });
  }
  const { connectPglite } = await import('./pglite.ts');
  return connectPglite({ folder: join(options.dataDir, 'db'), log: options.logger });
}
