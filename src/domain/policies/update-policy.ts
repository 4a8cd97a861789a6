import { badInput, noSuch } from '../../shared/errors.ts';
import { findPolicy, findPolicyByName, type PolicyRow, updatePolicy as updateRow } from '../../storage/policies.ts';
import { findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { checkAttachments } from '../spaces/index.ts';
import { parseName } from '../parse-name.ts';
import {
  checkRuleKinds,
  checkRuleNames,
  checkSpace,
  compileBody,
  loginPoliciesChanged,
  nameTaken,
  refuseLoginPolicy,
} from './check-policy.ts';
import { type PolicyRecord, toPolicyRecord } from './policy-record.ts';

/** What is null or absent stays as it is. */
export interface PolicyChanges {
  readonly name?: string | null | undefined;
  readonly body?: string | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly space?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly engineType?: PolicyRow['engineType'] | null | undefined;
  readonly enabled?: boolean | null | undefined;
}

/** Changes a policy; here labels that are null mean none, as its clients expect. */
export function updatePolicy(
  context: DomainContext,
  request: Request,
  id: string,
  changes: PolicyChanges,
): Promise<PolicyRecord> {
  return changePolicy(context, request, id, { ...changes, labels: changes.labels ?? [] });
}

/** Changes an Intent policy, and no other. */
export async function updateIntentPolicy(
  context: DomainContext,
  request: Request,
  id: string,
  changes: Omit<PolicyChanges, 'labels' | 'space'>,
): Promise<PolicyRecord> {
  const row = await context.storage.read((db) => findPolicy(db, id));
  if (row !== undefined && row.type !== 'INTENT')
    throw badInput('id', `policy ${id} is of type ${row.type}, not INTENT`);
  return changePolicy(context, request, id, changes);
}

async function changePolicy(
  context: DomainContext,
  request: Request,
  id: string,
  changes: PolicyChanges,
): Promise<PolicyRecord> {
  const before = await context.storage.read((db) => findPolicy(db, id));
  if (before === undefined) throw noSuch('policy', id);
  refuseLoginPolicy(request, before);
  const changed = await changedColumns(context, before, changes);
  checkSpace(changed);
  // One that was saved before there was this check can still be switched off or renamed.
  if (changed.wasmSha256 !== before.wasmSha256) {
    checkRuleNames(changed);
    await checkRuleKinds(context, changed);
  }
  await context.storage.transaction(async (db) => {
    const namesake = await findPolicyByName(db, changed.name);
    if (namesake !== undefined && namesake.id !== id) throw nameTaken(changed.name);
    if ((await findSpace(db, changed.space)) === undefined)
      throw badInput('space', `no such space: ${JSON.stringify(changed.space)}`);
    if (!(await updateRow(db, id, changed))) throw noSuch('policy', id);
    if (changed.space !== before.space) await checkAttachments(db);
    await recordAudit(db, context, request, {
      action: 'policy.update',
      affected: { type: 'POLICY', id },
      data: {
        name: changed.name,
        bodyChanged: changed.body !== before.body,
        enabled: changed.enabled,
        space: changed.space,
      },
    });
  });
  await loginPoliciesChanged(context, changed);
  return toPolicyRecord(changed);
}

async function changedColumns(context: DomainContext, before: PolicyRow, changes: PolicyChanges): Promise<PolicyRow> {
  const body = changes.body ?? before.body;
  const engineType = changes.engineType ?? before.engineType;
  const recompile = body !== before.body || engineType !== before.engineType;
  return {
    ...before,
    ...(recompile ? await compileBody(context, body, engineType) : {}),
    engineType,
    name: parseName(changes.name ?? before.name),
    description: changes.description ?? before.description,
    labels: [...(changes.labels ?? before.labels)],
    space: changes.space ?? before.space,
    enabled: changes.enabled ?? before.enabled,
    updatedAt: context.clock.now(),
  };
}
