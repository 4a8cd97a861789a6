import type { PolicyType } from '../../../generated/enums.ts';
import { badInput } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { insertPolicy, type PolicyRow } from '../../storage/policies.ts';
import { findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
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

export interface NewPolicy {
  readonly name: string;
  readonly body: string;
  readonly type: PolicyType;
  readonly labels?: readonly string[] | null | undefined;
  readonly space?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly engineType?: 'REGO_V0' | 'REGO_V1' | null | undefined;
  readonly enabled?: boolean | null | undefined;
}

/**
 * Saves a policy whose body compiles. Clients of this mutation that name no dialect mean the older one.
 *
 * @throws BAD_INPUT with line and column, CONFLICT for a taken name, UNAVAILABLE without the compiler
 */
export async function createPolicy(context: DomainContext, request: Request, input: NewPolicy): Promise<PolicyRecord> {
  refuseLoginPolicy(request, input);
  const row = await newRow(context, input);
  checkSpace(row);
  checkRuleNames(row);
  await checkRuleKinds(context, row);
  await context.storage.transaction(async (db) => {
    if ((await findSpace(db, row.space)) === undefined)
      throw badInput('space', `no such space: ${JSON.stringify(row.space)}`);
    if (!(await insertPolicy(db, row))) throw nameTaken(row.name);
    await recordAudit(db, context, request, {
      action: 'policy.create',
      affected: { type: 'POLICY', id: row.id },
      data: { name: row.name, type: row.type, space: row.space },
    });
  });
  await loginPoliciesChanged(context, row);
  return toPolicyRecord(row);
}

/** The same for Intent policies, whose authors write the newer dialect. */
export function createIntentPolicy(
  context: DomainContext,
  request: Request,
  input: Omit<NewPolicy, 'type' | 'labels'>,
): Promise<PolicyRecord> {
  return createPolicy(context, request, { ...input, engineType: input.engineType ?? 'REGO_V1', type: 'INTENT' });
}

async function newRow(context: DomainContext, input: NewPolicy): Promise<PolicyRow> {
  const engineType = input.engineType ?? 'REGO_V0';
  const name = parseName(input.name);
  const compiled = await compileBody(context, input.body, engineType);
  const now = context.clock.now();
  return {
    id: newUlid(),
    name,
    engineType,
    ...compiled,
    description: input.description ?? '',
    labels: [...(input.labels ?? [])],
    space: input.space ?? 'root',
    type: input.type,
    enabled: input.enabled ?? true,
    createdAt: now,
    updatedAt: now,
  };
}
