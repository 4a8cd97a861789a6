import type { Caller, Origin } from '../../shared/caller.ts';
import type { DomainContext } from '../context.ts';
import { recordAudit } from './record-audit.ts';

/** A call that access control turned down. */
export interface RefusalEvent {
  readonly caller: Caller;
  readonly origin: Origin;
  readonly code: string;
  /** `Type.field` */
  readonly field: string;
  readonly action: string | undefined;
  readonly space: string | undefined;
}

/**
 * Records what a known caller tried and may not. Strangers are counted in the log only: anybody can send their
 * requests, in any number, and the trail is kept for ever.
 */
export function recordRefusal(context: DomainContext, refusal: RefusalEvent): void {
  const { caller, origin, code, field, action, space } = refusal;
  if (caller.principal.kind === 'ANONYMOUS') return;
  const event = {
    action: 'access.refused',
    eventType: 'REFUSAL',
    affected: { type: 'FIELD', id: field },
    data: { code, action, space },
  } as const;
  context.storage
    .transaction((db) => recordAudit(db, context, { caller, origin }, event))
    .catch((error: unknown) => context.log.error({ err: error, field, code }, 'a refusal could not be recorded'));
}
