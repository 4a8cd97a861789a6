import { badInput, noSuch } from '../../shared/errors.ts';
import { deletePolicy as deleteRow, findPolicy } from '../../storage/policies.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { loginPoliciesChanged, refuseLoginPolicy } from './check-policy.ts';
import { type PolicyRecord, toPolicyRecord } from './policy-record.ts';

/** Deletes a policy with its attachments and samples; the answer is what it was. */
export async function deletePolicy(context: DomainContext, request: Request, id: string): Promise<PolicyRecord> {
  const row = await context.storage.transaction(async (db) => {
    const found = await findPolicy(db, id);
    if (found === undefined) throw noSuch('policy', id);
    refuseLoginPolicy(request, found);
    await deleteRow(db, id);
    await recordAudit(db, context, request, {
      action: 'policy.delete',
      affected: { type: 'POLICY', id },
      data: { name: found.name, type: found.type },
    });
    return found;
  });
  await loginPoliciesChanged(context, row);
  return toPolicyRecord(row);
}

/** Deletes an Intent policy, and no other. */
export async function deleteIntentPolicy(context: DomainContext, request: Request, id: string): Promise<PolicyRecord> {
  const row = await context.storage.read((db) => findPolicy(db, id));
  if (row !== undefined && row.type !== 'INTENT')
    throw badInput('id', `policy ${id} is of type ${row.type}, not INTENT`);
  return deletePolicy(context, request, id);
}
