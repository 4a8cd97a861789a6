import { type AuditEvent, recordAudit } from '../../domain/audit/index.ts';
import type { DomainContext, Request } from '../../domain/context.ts';
import { maskError } from '../../shared/errors.ts';

/** Records, with its code, what went wrong before there was an operation or a change set to record it with. */
export async function recordRefused(
  domain: DomainContext,
  request: Request,
  error: unknown,
  event: AuditEvent,
): Promise<void> {
  const { code } = maskError(error, request.origin.requestId);
  const refused = { ...event, eventType: 'REFUSAL', data: { code, ...event.data } } as const;
  await domain.storage
    .transaction((db) => recordAudit(db, domain, request, refused))
    .catch((cause: unknown) => domain.log.error({ err: cause }, 'a refusal could not be recorded'));
}
