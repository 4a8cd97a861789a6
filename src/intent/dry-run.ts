import type { IntentDecision } from '../../generated/resolvers.ts';
import type { Request } from '../domain/context.ts';
import type { IntentPolicyInput } from '../policy/index.ts';
import { badInput, noSuch } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { OperationKind } from '../storage/operations.ts';
import { findPolicy } from '../storage/policies.ts';
import type { ProjectRow } from '../storage/projects.ts';
import type { Engine } from './engine.ts';
import { decide } from './judgement/judge.ts';
import { policyInput } from './show/policy-input.ts';

export interface DryRunInput {
  readonly policy: string;
  readonly type: string;
  readonly provider: string;
  readonly operation: OperationKind;
  readonly currentState?: Json | undefined;
  readonly proposedState?: Json | undefined;
}

/** What a policy would say to an operation. Nothing runs and no sample is kept. */
export async function dryRunPolicy(engine: Engine, request: Request, input: DryRunInput): Promise<IntentDecision> {
  const { domain } = engine;
  const policy = await domain.storage.read((db) => findPolicy(db, input.policy));
  if (policy === undefined) throw noSuch('policy', input.policy);
  if (policy.type !== 'INTENT')
    throw badInput('policy', `${policy.name} is a ${policy.type} policy; only INTENT ones judge operations`);
  const decision = await decide(domain, [policy], supposedInput(engine, request, input), { samples: 'drop' });
  return { ...decision, allow: [...decision.allow], deny: [...decision.deny], policies: [...decision.policies] };
}

const actions = {
  CREATE: 'create', UPDATE: 'update', DELETE: 'delete', IMPORT: 'read', REFRESH: 'read', EJECT: 'no-op', READ: 'read',
} as const; // prettier-ignore

function supposedInput(engine: Engine, request: Request, input: DryRunInput): IntentPolicyInput {
  const at = engine.domain.clock.now();
  const before = input.currentState ?? null;
  const after = input.proposedState ?? null;
  const document = policyInput({
    kind: input.operation,
    resourceID: 'dry-run',
    provider: input.provider,
    version: '',
    type: input.type,
    config: undefined,
    schema: undefined,
    plan: { action: actions[input.operation], before, after, afterUnknown: [], replacePaths: [], redacted: [] },
    project: supposedProject(at),
    spaces: [],
    request,
    operation: undefined,
    dependencies: { upstream: [], downstream: [] },
    at,
  });
  return { ...document, resource: { ...document.resource, proposed_state: after } };
}

function supposedProject(at: Date): ProjectRow {
  return {
    id: 'dry-run',
    name: 'dry run',
    description: '',
    labels: [],
    space: 'root',
    state: 'ENABLED',
    confirmation: 'TOKEN',
    createdAt: at,
    createdBy: '',
    lockHolder: undefined,
    lockHolderName: undefined,
    lockUntil: undefined,
    fence: 0,
    lockSince: undefined,
    lockSelected: false,
  };
}
