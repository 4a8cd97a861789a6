import { hash } from 'node:crypto';

import { canonicalJson } from '../../shared/json.ts';
import type { AuditRow } from '../../storage/audit.ts';

/** What the first entry is chained to. */
export const GENESIS = '0'.repeat(64);

/** Hash of an entry at its place in the chain: of the hash before it, its number, and all that it says. */
export function auditHash(row: AuditRow, seq: number, prevHash: string): string {
  return hash('sha256', hashedText(row, seq, prevHash), 'hex');
}

const quote = (text: string | undefined): string => (text === undefined ? 'null' : JSON.stringify(text));

/**
 * The canonical JSON of all columns but the hash, an empty one as null. Put together by hand: verifying a trail is mostly
 * this.
 */
export function hashedText(row: AuditRow, seq: number, prevHash: string): string {
  return (
    `{"account":${quote(row.account)},"action":${quote(row.action)},"actor":${quote(row.actor)}` +
    `,"actorRoles":${JSON.stringify(row.actorRoles)},"affectedId":${quote(row.affectedId)}` +
    `,"affectedType":${quote(row.affectedType)},"at":"${row.at.toISOString()}","data":${canonicalJson(row.data ?? null)}` +
    `,"eventType":${quote(row.eventType)},"id":${quote(row.id)},"prevHash":${quote(prevHash)}` +
    `,"relatedId":${quote(row.relatedId)},"relatedType":${quote(row.relatedType)}` +
    `,"remoteAddress":${quote(row.remoteAddress)},"seq":${seq},"space":${quote(row.space)}}`
  );
}
