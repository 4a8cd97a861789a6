import type { SqlEntityManager } from '@mikro-orm/postgresql';

import type { Logger } from '../shared/logger.ts';
import { entities } from './entities/index.ts';

/** Raw access beside the ORM: the queue's statements, notifications, and what a power cut must not undo. */
export interface Connection {
  readonly kind: 'pglite' | 'postgres';
  /** A fresh unit of work. */
  fork(): SqlEntityManager;
  /** One statement past the ORM, with a `?` for each value, in the transaction of `em` if it has one. */
  execute(em: SqlEntityManager, sql: string, values: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Statements without values may be several in one text. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  /** Calls the handler for each notification until the returned function is called. */
  listen(channel: string, handler: (payload: string) => void): Promise<() => Promise<void>>;
  /** @throws UNAVAILABLE when the database's disk is too full for new work */
  requireSpace(): Promise<void>;
  /** Returns when everything committed so far survives a power cut. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What both drivers share. Nothing here compares the schema with the database: versions decide (`migrate.ts`). */
export function ormOptions(log: Logger) {
  return {
    entities: [...entities],
    forceUndefined: true,
    forceUtcTimezone: true,
    metadataCache: { enabled: false },
    ensureDatabase: false,
    logger: (message: string) => log.debug({ message }, 'database'),
  };
}
