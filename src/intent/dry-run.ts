import type { IntentDecision } from '../../generated/resolvers.ts';
import type { Request } from '../domain/context.ts';
import type { IntentPolicyInput } from '../policy/index.ts';
import { badInput, noSuch } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { findPolicy } from '../storage/policies.ts';
import type { ProjectRow } from '../storage/projects.ts';
import type { Engine } from './engine.ts';
import type { ShownPlan } from './journal/stored.ts';
import { cannotWait, decidedAtOnce } from './judgement/denied.ts';
import { decide } from './judgement/judge.ts';
import type { Decision } from './run.ts';
import { type JudgedKind, policyInput } from './show/policy-input.ts';

export interface DryRunInput {
  readonly policy: string;
  readonly type: string;
  readonly provider: string;
  readonly operation: JudgedKind;
  readonly resourceID?: string | null | undefined;
  readonly currentState?: Json | undefined;
  readonly proposedState?: Json | undefined;
  readonly to?: string | null | undefined;
  readonly toType?: string | null | undefined;
}

/** What a policy would say to an operation. Nothing runs and no sample is kept. */
export async function dryRunPolicy(engine: Engine, request: Request, input: DryRunInput): Promise<IntentDecision> {
  const { domain } = engine;
  const policy = await domain.storage.read((db) => findPolicy(db, input.policy));
  if (policy === undefined) throw noSuch('policy', input.policy);
  if (policy.type !== 'INTENT')
    throw badInput('policy', `${policy.name} is a ${policy.type} policy; only INTENT ones judge operations`);
  const judged = await decide(domain, [policy], supposedInput(engine, request, input), { samples: 'drop' });
  const decision = answerOf(input, judged);
  return { ...decision, allow: [...decision.allow], deny: [...decision.deny], policies: [...decision.policies] };
}

function supposedInput(engine: Engine, request: Request, input: DryRunInput): IntentPolicyInput {
  const at = engine.domain.clock.now();
  const { operation, provider, type } = input;
  const plan = supposedPlan(input);
  const document = policyInput({
    kind: operation,
    resourceID: operation === 'READ' ? '' : (input.resourceID ?? 'dry-run'),
    provider,
    version: '',
    type,
    config: undefined,
    schema: undefined,
    plan,
    project: supposedProject(at),
    spaces: [],
    request,
    operation: undefined,
    dependencies: { upstream: [], downstream: [] },
    edge: supposedEdge(input),
    at,
  });
  const { proposedState } = input;
  const proposed = operation === 'IMPORT' ? plan.after : hasConfig[operation] ? (proposedState ?? null) : null;
  return { ...document, resource: { ...document.resource, proposed_state: proposed } };
}

const hasConfig = {
  CREATE: true, UPDATE: true, DELETE: false, IMPORT: false, REFRESH: false, EJECT: false, READ: true,
  DEPENDENCY_ADD: false, DEPENDENCY_REMOVE: false,
} as const; // prettier-ignore

/** As far as it can be known without a provider: of the same form as that of the real operation. */
function supposedPlan({ operation, currentState, proposedState }: DryRunInput): ShownPlan {
  const current = currentState ?? null;
  const proposed = proposedState ?? null;
  const plan = (action: string, before: Json, after: Json): ShownPlan => {
    return { action, before, after, afterUnknown: [], replacePaths: [], redacted: [] };
  };
  switch (operation) {
    case 'CREATE':
      return plan('create', null, proposed);
    case 'UPDATE':
      return plan('update', current, proposed);
    case 'DELETE':
      return plan('delete', current, null);
    case 'IMPORT':
      return plan('read', null, proposed);
    case 'REFRESH':
      return plan('read', current, proposed ?? current);
    case 'EJECT':
      return plan('no-op', current, null);
    case 'READ':
      return plan('read', null, null);
    case 'DEPENDENCY_ADD':
    case 'DEPENDENCY_REMOVE':
      return plan('no-op', current, current);
  }
}

function isEdit(operation: JudgedKind): boolean {
  return operation === 'DEPENDENCY_ADD' || operation === 'DEPENDENCY_REMOVE';
}

function supposedEdge({ operation, resourceID, type, to, toType }: DryRunInput): IntentPolicyInput['dependency'] {
  if (isEdit(operation)) {
    if (typeof toType !== 'string') throw badInput('toType', 'say of what type the resource is that is needed');
    const from = { resource_id: resourceID ?? 'dry-run', resource_type: type };
    return { from, to: { resource_id: to ?? 'needed', resource_type: toType } };
  }
  for (const [name, given] of Object.entries({ to, toType }))
    if (typeof given === 'string') throw badInput(name, `${operation} is no edit of dependencies; leave it out`);
  return null;
}

/** What cannot wait for a person is denied where no policy allows it. */
function answerOf({ operation }: DryRunInput, decision: Decision): Decision {
  if (operation === 'READ') return decidedAtOnce(decision, cannotWait.READ);
  return isEdit(operation) ? decidedAtOnce(decision, cannotWait.DEPENDENCY) : decision;
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
