import { LRUCache } from 'lru-cache';

import type { DomainContext, Request } from '../context.ts';
import { recordAudit } from './record-audit.ts';

const PAUSE_MS = 60_000; // whoever runs into a limit does so many times a second; the trail is kept for ever
const MAX_CALLERS = 10_000;

/**
 * Records that a known caller asked for too much: the first time, and then once a minute while it goes on. Strangers are
 * in the metrics only, as with refusals.
 */
export function createLimitRecorder(context: DomainContext): (limit: string, request: Request) => void {
  const recorded = new LRUCache<string, true>({ max: MAX_CALLERS, ttl: PAUSE_MS, noUpdateTTL: true });
  return (limit, request) => {
    const { principal } = request.caller;
    const key = `${principal.id} ${limit}`;
    if (principal.kind === 'ANONYMOUS' || recorded.has(key)) return;
    recorded.set(key, true);
    const affected = { type: principal.kind, id: principal.id };
    const event = { action: 'access.limited', eventType: 'REFUSAL', affected, data: { limit } } as const;
    context.storage
      .transaction((db) => recordAudit(db, context, request, event))
      .catch((error: unknown) => context.log.error({ err: error, limit }, 'a reached limit could not be recorded'));
  };
}
