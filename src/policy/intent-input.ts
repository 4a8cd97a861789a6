import type { Json } from '../shared/json.ts';
import { anything, flag, nanoseconds, object, orNull, text, texts } from './schema-parts.ts';

const operations = [
  'create', 'update', 'delete', 'import', 'refresh', 'eject', 'read', 'dependency-add', 'dependency-remove',
] as const; // prettier-ignore

/** What the rules of an Intent policy see as `input`. Sensitive values are null here and their paths are listed. */
export interface IntentPolicyInput {
  readonly resource: IntentPolicyResource;
  readonly project: {
    readonly id: string;
    readonly name: string;
    readonly labels: readonly string[];
    readonly space: IntentPolicySpace;
    readonly archived: boolean;
    readonly lock: { readonly holder: string; readonly expires_at_ns: number } | null;
  };
  readonly session: {
    readonly login: string;
    readonly name: string;
    readonly teams: readonly string[];
    readonly machine: boolean;
    readonly api_key_id: string | null;
    readonly scopes: readonly string[];
    readonly client: { readonly name: string; readonly version: string } | null;
    readonly remote_ip: string | null;
  };
  readonly request: {
    readonly timestamp_ns: number;
    readonly operation_id: string;
    readonly change_set: string | null;
    readonly approved_by: readonly string[];
    readonly rolls_back_to: string | null;
  };
  readonly plan: {
    readonly actions: readonly ('create' | 'update' | 'delete' | 'read' | 'no-op')[];
    readonly replace_paths: readonly string[];
    readonly before: Json;
    readonly after: Json;
    readonly after_unknown: readonly string[];
    readonly sensitive_paths: readonly string[];
  } | null;
  readonly dependencies: {
    readonly upstream: readonly IntentPolicyNeighbor[];
    readonly downstream: readonly IntentPolicyNeighbor[];
  };
  /** What an edit of the record of needs is about; null for everything else. */
  readonly dependency: { readonly from: IntentPolicyNeighbor; readonly to: IntentPolicyNeighbor } | null;
  /** The project's own, then those above it up to the root. */
  readonly spaces: readonly IntentPolicySpace[];
}

export interface IntentPolicySpace {
  readonly id: string;
  readonly name: string;
  readonly labels: readonly string[];
}

export interface IntentPolicyResource {
  readonly resource_id: string;
  readonly resource_type: string;
  readonly provider: string;
  readonly provider_version: string;
  readonly operation: (typeof operations)[number];
  readonly current_state: Json;
  readonly proposed_state: Json;
}

export interface IntentPolicyNeighbor {
  readonly resource_id: string;
  readonly resource_type: string;
}

const resource = object('the change that is asked for', {
  resource_id: text('id of the resource in its project, chosen by the caller'),
  resource_type: text('type as the provider names it, such as aws_s3_bucket'),
  provider: text('source address of the provider, such as hashicorp/aws'),
  provider_version: text('exact version of the provider that would act'),
  operation: {
    enum: [...operations],
    description: 'what would be done',
  },
  current_state: anything('attributes as last recorded; null on create and import'),
  proposed_state: anything('configuration as submitted, before any plan; null on delete'),
});

const space = object('a space', {
  id: text('its id'),
  name: text('its name'),
  labels: texts('its labels'),
});

const project = object('the project that the resource belongs to', {
  id: text('id of the project'),
  name: text('its name'),
  labels: texts('its labels'),
  space,
  archived: flag('whether it is archived'),
  lock: orNull(
    object('who works on it', {
      holder: text('who holds the lock'),
      expires_at_ns: nanoseconds('when the lock lapses'),
    }),
  ),
});

const session = object('who asks', {
  login: text('login of the user, or id of the API key'),
  name: text('name for people'),
  teams: texts('teams of the user'),
  machine: flag('whether an API key asks'),
  api_key_id: orNull(text('id of the API key')),
  scopes: texts('OAuth scopes of the token'),
  client: orNull(object('the program that asks, as it calls itself', { name: text('name'), version: text('version') })),
  remote_ip: orNull(text('address the request came from')),
});

const request = object('this very request', {
  timestamp_ns: nanoseconds('when it arrived: policies have no other clock'),
  operation_id: text('id of the operation'),
  change_set: orNull(text('id of the change set that the operation belongs to; null when it stands alone')),
  approved_by: texts('logins of those who approved it in review'),
  rolls_back_to: orNull(text('id of the earlier operation whose configuration is asked for again')),
});

const plan = object('what the provider would do; null when it could not be asked, as on import', {
  actions: {
    type: 'array',
    items: { enum: ['create', 'update', 'delete', 'read', 'no-op'] },
    description: 'steps in order; a replacement is delete and create',
  },
  replace_paths: texts('attributes whose change forces a replacement'),
  before: anything('attributes before'),
  after: anything('attributes after, as far as they are known'),
  after_unknown: texts('attributes that are known only after the change'),
  sensitive_paths: texts('attributes that are shown as null because they are secret'),
});

const neighbor = object('a resource', { resource_id: text('its id'), resource_type: text('its type') });

const neighbors = (description: string) => ({
  type: 'array',
  description,
  items: neighbor,
});

const dependencies = object('neighbours in the same project', {
  upstream: neighbors('what the resource needs'),
  downstream: neighbors('what needs the resource'),
});

const dependency = object('what an edit of the record of needs is about; null for everything else', {
  from: neighbor,
  to: neighbor,
});

const spaces = {
  type: 'array',
  description: 'the space that the project lives in, then those above it up to the root',
  items: space,
};

/** The input of an Intent policy as a JSON Schema (draft 2020-12), for editors and documentation. */
export const intentInputSchema: Readonly<Record<string, Json>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Input of an Intent policy',
  ...object('one operation on one resource', {
    resource,
    project,
    session,
    request,
    plan: orNull(plan),
    dependencies,
    dependency: orNull(dependency),
    spaces,
  }),
};
