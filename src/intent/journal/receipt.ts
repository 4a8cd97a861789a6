import { createHmac } from 'node:crypto';

import { auditEntry, type AuditEvent, recordAudit } from '../../domain/audit/index.ts';
import { canonicalJson, isJsonObject, type JsonObject } from '../../shared/json.ts';
import type { AuditRow } from '../../storage/audit.ts';
import type { Db } from '../../storage/database.ts';
import { type Decision, fact, type Run } from '../run.ts';

/**
 * Writes the receipt of an operation into the audit trail: who asked what, what was decided, what came of it. The trail
 * is not encrypted, so it holds the names of the attributes that were given and no values; before and after are there as
 * digests, so that a receipt can be held against the history.
 *
 * @param outcome one word
 */
export function writeReceipt(db: Db, run: Run, outcome: string): Promise<void> {
  return recordAudit(db, run.engine.domain, run.request, receiptOf(run, outcome, undefined));
}

/** The same as an entry, to be written in one statement with the end that it tells of. */
export function receiptEntry(run: Run, outcome: string, after: JsonObject | undefined): AuditRow {
  return auditEntry(run.engine.domain, run.request, receiptOf(run, outcome, after));
}

function receiptOf(run: Run, outcome: string, after: JsonObject | undefined): AuditEvent {
  const operation = fact(run, 'operation');
  const { change, decision } = run.facts;
  const { config } = run.ask;
  const salt = change?.salt ?? '';
  return {
    action: `intent-resource.${operation.kind.toLowerCase()}`,
    affected: { type: 'INTENT_RESOURCE', id: operation.resourceId },
    related: { type: 'INTENT_PROJECT', id: operation.project },
    data: {
      space: fact(run, 'project').space,
      operation: operation.id,
      outcome,
      provider: operation.provider,
      version: operation.version,
      type: operation.type,
      inputNames: isJsonObject(config) ? Object.keys(config).toSorted() : null,
      import_id: run.ask.importID ?? null,
      import_identity: run.ask.importIdentity ?? null,
      rollback_of: run.ask.rollbackOf ?? null,
      plan: change === undefined ? null : { action: change.shown.action, digest: change.digest },
      decision: decision === undefined ? null : decisionJson(decision),
      before: change === undefined ? null : shownDigest(change.shown.before, salt),
      after: after === undefined ? null : shownDigest(after, salt),
    },
  };
}

/** Keyed like the plan's digest, and of the shown values only: nothing secret can be guessed from it. */
function shownDigest(value: Parameters<typeof canonicalJson>[0], salt: string): string {
  return createHmac('sha256', salt).update(canonicalJson(value)).digest('hex');
}

/** A decision as it is stored. */
export function decisionJson({ outcome, allow, deny, policies }: Decision): JsonObject {
  return { outcome, allow: [...allow], deny: [...deny], policies: [...policies] };
}
