import { type Json, storableObject, storableText } from '../../shared/json.ts';
import { newUlid } from '../../shared/ids.ts';
import { type AuditRow, insertAudit } from '../../storage/audit.ts';
import type { Db } from '../../storage/database.ts';
import type { DomainContext, Request } from '../context.ts';

/** Something that happened. `data` goes into the trail as it is: whoever records it leaves secrets out. */
export interface AuditEvent {
  /** Noun and verb: `intent-project.create`. */
  readonly action: string;
  readonly affected: AuditObject;
  readonly related?: AuditObject;
  readonly data?: Readonly<Record<string, Json | undefined>>;
  /** A change, unless it says otherwise. */
  readonly eventType?: 'MUTATION' | 'REFUSAL' | 'SIGN_IN' | 'SYSTEM';
}

export interface AuditObject {
  /** `INTENT_PROJECT`, `POLICY`, … */
  readonly type: string;
  readonly id?: string;
}

/**
 * Adds an entry in the transaction of what it tells of: both are there, or neither is. Text from providers and clients
 * is cleaned first, since what has happened must not go unrecorded for a character that cannot be stored.
 */
export async function recordAudit(
  db: Db,
  context: Pick<DomainContext, 'account' | 'clock'>,
  request: Request,
  event: AuditEvent,
): Promise<void> {
  await insertAudit(db, auditEntry(context, request, event));
}

/** The entry by itself, for whoever writes it in one statement with what it tells of. */
export function auditEntry(
  context: Pick<DomainContext, 'account' | 'clock'>,
  request: Request,
  event: AuditEvent,
): AuditRow {
  const { caller, origin } = request;
  const data = {
    ...defined(event.data ?? {}),
    via: origin.via,
    client: origin.client ?? null,
    request: origin.requestId,
  };
  return {
    id: newUlid(),
    seq: undefined,
    at: context.clock.now(),
    account: context.account,
    eventType: event.eventType ?? 'MUTATION',
    action: storableText(event.action),
    actor: storableText(`${caller.principal.kind.toLowerCase()}::${caller.principal.name}`),
    actorRoles: [...(caller.roles ?? [])],
    space: undefined,
    affectedType: event.affected.type,
    affectedId: storable(event.affected.id),
    relatedType: event.related?.type,
    relatedId: storable(event.related?.id),
    data: storableObject(data),
    remoteAddress: origin.remoteAddress,
    prevHash: undefined,
    hash: undefined,
  };
}

function storable(text: string | undefined): string | undefined {
  return text === undefined ? undefined : storableText(text);
}

function defined(data: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(data).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}
