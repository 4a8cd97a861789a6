import type { IntentPolicyInput } from '../../policy/index.ts';
import type { SchemaBlock } from '../../providers/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import type { SpaceRow } from '../../storage/spaces.ts';
import type { OperationKind, OperationRow } from '../../storage/operations.ts';
import type { Request } from '../../domain/context.ts';
import { textOf } from '../journal/json-fields.ts';
import type { ShownPlan } from '../journal/stored.ts';
import { redactJson } from '../plan/redact-json.ts';

type Neighbors = IntentPolicyInput['dependencies'];
type PlannedAction = NonNullable<IntentPolicyInput['plan']>['actions'][number];

/** What policies judge: operations, and edits of the record of what needs what. */
export type JudgedKind = OperationKind | 'DEPENDENCY_ADD' | 'DEPENDENCY_REMOVE';

export interface PolicyFacts {
  readonly kind: JudgedKind;
  readonly resourceID: string;
  readonly provider: string;
  readonly version: string;
  readonly type: string;
  /** As the user gave it; undefined where there is none. */
  readonly config: Json | undefined;
  readonly schema: SchemaBlock | undefined;
  readonly plan: ShownPlan;
  readonly project: ProjectRow;
  /** The project's own, then those above it. */
  readonly spaces: readonly SpaceRow[];
  readonly request: Request;
  readonly operation: OperationRow | undefined;
  /** The operation whose configuration is asked for again. */
  readonly rollbackOf?: string | undefined;
  readonly dependencies: Neighbors;
  /** Of an edit of the record of what needs what. */
  readonly edge?: IntentPolicyInput['dependency'] | undefined;
  readonly at: Date;
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/**
 * The document that policies judge. `resource` has the fields that every Intent policy knows; the rest is added to it.
 * Sensitive values are null everywhere and their paths are listed.
 */
export function policyInput(facts: PolicyFacts): IntentPolicyInput {
  const { plan, config, schema } = facts;
  const proposed = schema === undefined || config === undefined ? undefined : redactJson(schema, config);
  const imported = facts.kind === 'IMPORT' ? plan.after : null;
  return {
    resource: {
      resource_id: facts.resourceID,
      resource_type: facts.type,
      provider: facts.provider,
      provider_version: facts.version,
      operation: operationWords[facts.kind],
      current_state: plan.before,
      proposed_state: proposed?.value ?? imported,
    },
    project: projectPart(facts),
    session: sessionPart(facts.request),
    request: requestPart(facts),
    plan: planPart(plan, proposed?.paths ?? []),
    dependencies: facts.dependencies,
    dependency: facts.edge ?? null,
    spaces: facts.spaces.map(spacePart),
  };
}

const operationWords = {
  CREATE: 'create', UPDATE: 'update', DELETE: 'delete', IMPORT: 'import', REFRESH: 'refresh', EJECT: 'eject',
  READ: 'read', DEPENDENCY_ADD: 'dependency-add', DEPENDENCY_REMOVE: 'dependency-remove',
} as const; // prettier-ignore

function spacePart({ id, name, labels }: SpaceRow): IntentPolicyInput['spaces'][number] {
  return { id, name, labels };
}

function projectPart({ project, spaces }: PolicyFacts): IntentPolicyInput['project'] {
  const { id, name, labels, lockHolderName: holder, lockUntil } = project;
  const held = holder !== undefined && lockUntil !== undefined;
  return {
    id,
    name,
    labels,
    space: spaces[0] === undefined ? { id: project.space, name: project.space, labels: [] } : spacePart(spaces[0]),
    archived: project.state === 'DISABLED', // nothing runs in such a project but its end
    lock: held ? { holder, expires_at_ns: nanoseconds(lockUntil) } : null,
  };
}

function sessionPart({ caller, origin }: Request): IntentPolicyInput['session'] {
  const { kind, id, name } = caller.principal;
  const machine = kind === 'API_KEY';
  const [client = '', version = ''] = origin.client?.split('/') ?? [];
  return {
    login: machine ? id : name,
    name,
    teams: [...(caller.teams ?? [])],
    machine,
    api_key_id: machine ? id : null,
    scopes: [...caller.scopes],
    client: origin.client === undefined ? null : { name: client, version },
    remote_ip: origin.remoteAddress ?? null,
  };
}

function requestPart({ at, operation, rollbackOf }: PolicyFacts): IntentPolicyInput['request'] {
  const review = operation?.review;
  const approved = isJsonObject(review) && review['decision'] === 'ALLOW';
  return {
    timestamp_ns: nanoseconds(at),
    operation_id: operation?.id ?? '',
    change_set: operation?.changeSet ?? null,
    approved_by: approved ? [textOf(review, 'author')] : [],
    rolls_back_to: rollbackOf ?? null,
  };
}

function planPart(plan: ShownPlan, configPaths: readonly string[]): IntentPolicyInput['plan'] {
  return {
    actions: plan.action === 'replace' ? ['delete', 'create'] : [parseAction(plan.action)],
    replace_paths: plan.replacePaths,
    before: plan.before,
    after: plan.after,
    after_unknown: plan.afterUnknown,
    sensitive_paths: [...new Set([...plan.redacted, ...configPaths])],
  };
}

function parseAction(action: string): PlannedAction {
  return (['create', 'update', 'delete', 'read'] as const).find((each) => each === action) ?? 'no-op';
}

function nanoseconds(date: Date): number {
  return date.getTime() * NANOSECONDS_PER_MILLISECOND;
}
