import { type AuditRow, findUnchained, readChain } from '../../storage/audit.ts';
import type { Storage } from '../../storage/database.ts';

const BATCH = 1_000;

/**
 * The trail as lines of JSON, in the order of the chain, each with everything that its hash is made of; at last what is
 * not in the chain yet.
 *
 * @param since leaves out what happened before
 */
export async function* exportAudit(storage: Storage, since: Date | undefined): AsyncGenerator<string> {
  const isWanted = ({ at }: AuditRow): boolean => since === undefined || at >= since;
  for (let last = 0; ;) {
    const after = last;
    const entries = await storage.read((db) => readChain(db, after, BATCH, since));
    for (const entry of entries) yield lineOf(entry);
    if (entries.length < BATCH) break;
    last = entries.at(-1)?.seq ?? last;
  }
  const open = await storage.read((db) => findUnchained(db, BATCH));
  for (const entry of open.filter(isWanted)) yield lineOf(entry);
}

function lineOf(entry: AuditRow): string {
  // Empty columns are said to be: they are part of what is hashed.
  return JSON.stringify({ ...entry, at: entry.at.toISOString() }, (_key, value: unknown) => value ?? null);
}
