import { findChained } from '../../storage/audit.ts';
import type { Storage } from '../../storage/database.ts';
import { auditHash, GENESIS } from './audit-hash.ts';

export interface AuditVerdict {
  readonly intact: boolean;
  readonly entries: number;
  /** For a person. */
  readonly message: string;
}

const BATCH = 1_000;

/**
 * Checks the whole chain. A chain proves that nothing inside it was changed, dropped or put in between; that nothing
 * was cut off its end can be proved only against a copy of the last hash kept elsewhere, which the message says.
 */
export async function verifyAudit(storage: Storage): Promise<AuditVerdict> {
  let [seq, prevHash] = [0, GENESIS];
  for (;;) {
    const [after] = [seq];
    const entries = await storage.read((db) => findChained(db, after, BATCH));
    for (const entry of entries) {
      const broken =
        entry.seq !== seq + 1 || entry.prevHash !== prevHash || entry.hash !== auditHash(entry, seq + 1, prevHash);
      if (broken)
        return {
          intact: false,
          entries: seq,
          message: `The audit trail is broken after entry ${seq}: entry ${entry.id} is not what was written there.`,
        };
      seq += 1;
      prevHash = entry.hash ?? '';
    }
    if (entries.length < BATCH) break;
  }
  return {
    intact: true,
    entries: seq,
    message: `${seq} entries, chain intact, last hash ${prevHash}. Tail unproven: compare this hash with one you kept elsewhere.`,
  };
}
