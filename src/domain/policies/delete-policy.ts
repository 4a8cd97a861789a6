import { noSuch } from '../../shared/errors.ts';
import { deletePolicy as deleteRow, findPolicy } from '../../storage/policies.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { type PolicyRecord, toPolicyRecord } from './policy-record.ts';

/** Deletes a policy with its attachments and samples; the answer is what it was. */
export function deletePolicy(context: DomainContext, request: Request, id: string): Promise<PolicyRecord> {
  return context.storage.transaction(async (db) => {
    const row = await findPolicy(db, id);
    if (row === undefined) throw noSuch('policy', id);
    await deleteRow(db, id);
    await recordAudit(db, context, request, {
      action: 'policy.delete',
      affected: { type: 'POLICY', id },
      data: { name: row.name, type: row.type },
    });
    return toPolicyRecord(row);
  });
}
