import { unixSeconds } from '../../shared/clock.ts';
import { type AuditRow, searchAudit as searchRows } from '../../storage/audit.ts';
import type { Page, SearchInput } from '../../storage/search.ts';
import type { DomainContext, Request } from '../context.ts';

/** An entry as the API shows it. */
export interface AuditRecord {
  readonly id: string;
  readonly action: string;
  readonly actor: { readonly username: string; readonly roles: readonly string[] };
  readonly affectedResource: { readonly resourceId: string | null; readonly resourceType: string };
  readonly relatedResource: { readonly resourceId: string | null; readonly resourceType: string } | null;
  readonly body: string;
  readonly eventType: string;
  readonly remoteAddress: string | null;
  readonly sequence: number | null;
  readonly hash: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export async function searchAudit(
  context: DomainContext,
  _request: Request,
  input: SearchInput,
): Promise<Page<AuditRecord>> {
  const page = await context.storage.read((db) => searchRows(db, input));
  return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: toRecord(node) })) };
}

function toRecord(row: AuditRow): AuditRecord {
  const related =
    row.relatedType === undefined ? null : { resourceId: row.relatedId ?? null, resourceType: row.relatedType };
  return {
    id: row.id,
    action: row.action,
    actor: { username: row.actor, roles: row.actorRoles },
    affectedResource: { resourceId: row.affectedId ?? null, resourceType: row.affectedType },
    relatedResource: related,
    body: JSON.stringify(row.data ?? {}),
    eventType: row.eventType,
    remoteAddress: row.remoteAddress ?? null,
    sequence: row.seq ?? null,
    hash: row.hash ?? null,
    createdAt: unixSeconds(row.at),
    updatedAt: unixSeconds(row.at),
  };
}
