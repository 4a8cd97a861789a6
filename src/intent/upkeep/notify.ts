import type { JsonObject } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';

/** Has a project's webhook told, once the transaction is through. */
export type Notify = (db: Db, project: string, event: JsonObject) => Promise<void>;
