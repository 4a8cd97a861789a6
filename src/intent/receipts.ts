import type { IntentReceipt } from '../../generated/resolvers.ts';
import { unixSeconds } from '../shared/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { type AuditRow, findAboutOperations } from '../storage/audit.ts';
import type { Engine } from './engine.ts';
import { textsOf } from './journal/json-fields.ts';
import { decisionView } from './view.ts';

/** What the audit trail has on each of these operations of a project, oldest first: one query for all of them. */
export async function findReceipts(
  engine: Engine,
  project: string,
  operations: readonly string[],
): Promise<IntentReceipt[][]> {
  const rows = await engine.domain.storage.read((db) => findAboutOperations(db, project, operations));
  const found = Map.groupBy(rows, operationOf);
  return operations.map((id) => (found.get(id) ?? []).map(receiptView));
}

function operationOf({ affectedType, affectedId, data }: AuditRow): string | undefined {
  return affectedType === 'INTENT_OPERATION'
    ? affectedId
    : (text(isJsonObject(data) ? data['operation'] : null) ?? undefined);
}

function receiptView({ id, action, actor, data, seq, hash, at }: AuditRow): IntentReceipt {
  const told: JsonObject = isJsonObject(data) ? data : {};
  const { inputNames, decision, plan } = told;
  return {
    id,
    action,
    // A review has its decision in one word.
    outcome: text(told['outcome']) ?? text(decision)?.toLowerCase() ?? null,
    actor,
    client: text(told['client']),
    inputNames: Array.isArray(inputNames) ? textsOf(told, 'inputNames') : null,
    decision: decisionView(decision),
    planDigest: text(isJsonObject(plan) ? plan['digest'] : plan),
    before: text(told['before']),
    after: text(told['after']),
    sequence: seq ?? null,
    hash: hash ?? null,
    createdAt: unixSeconds(at),
  };
}

function text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
