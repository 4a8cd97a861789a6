import { createHash } from 'node:crypto';

import { canonicalJson } from '../../shared/json.ts';
import type { AuditRow } from '../../storage/audit.ts';

/** What the first entry is chained to. */
export const GENESIS = '0'.repeat(64);

/** Hash of an entry at its place in the chain: of the hash before it, its number, and all that it says. */
export function auditHash(row: AuditRow, seq: number, prevHash: string): string {
  const { at, seq: _seq, prevHash: _prevHash, hash: _hash, ...said } = row;
  const text = canonicalJson({ ...nullable(said), at: at.toISOString(), seq, prevHash });
  return createHash('sha256').update(text).digest('hex');
}

// A column without a value has one form only, whichever way the row was read.
function nullable(row: Omit<AuditRow, 'at' | 'seq' | 'prevHash' | 'hash'>) {
  const { space, affectedId, relatedType, relatedId, remoteAddress, data, ...rest } = row;
  return {
    ...rest,
    data: data ?? null,
    space: space ?? null,
    affectedId: affectedId ?? null,
    relatedType: relatedType ?? null,
    relatedId: relatedId ?? null,
    remoteAddress: remoteAddress ?? null,
  };
}
