import { join } from 'node:path';

import { isValueMap, unknown, type Value, type ValueMap } from '../providers/index.ts';
import { isJsonObject } from '../shared/json.ts';
import { errorsOf, type Problem } from '../shared/problems.ts';
import { checkFaults, faultsFromEnvironment, type Faults } from './faults.ts';
import { isPlainPath } from './file-store.ts';
import { file, fileData } from './file.ts';
import { pet } from './pet.ts';
import { planResource } from './plan-resource.ts';
import { randomString } from './random-string.ts';
import {
  problemAt,
  type Attribute,
  type Described,
  type Outcome,
  type ResourceType,
  type SandboxContext,
} from './resource-type.ts';
import { textOf, withValues } from './value-access.ts';
import {
  objectFromJson,
  readObject,
  writeObject,
  writeProblems,
  writeSchema,
  writeSteps,
  type TypedRequest,
} from './wire-messages.ts';
import { words } from './words.ts';

const resources: readonly ResourceType[] = [file, pet, randomString];
const dataSources = [fileData, words];

const settings: readonly Attribute[] = [
  {
    name: 'root',
    type: 'string',
    from: 'given',
    description:
      'Existing folder that sandbox_file may not leave. Default: SLUICE_SANDBOX_ROOT, else a folder of the project, else sandbox-files in the folder that the provider runs in.',
  },
  {
    name: 'faults',
    type: { map: 'string' },
    from: 'given',
    description: 'Ways to misbehave, for tests of what drives this provider. Default: none.',
  },
];

/** One call of the protocol: its request's fields in, the answer's fields out. */
export type Call = (request: TypedRequest) => Promise<object>;

/** The provider of one process: what it was configured with, and its calls by their protocol names. */
export interface SandboxProvider {
  readonly calls: Readonly<Record<string, Call>>;
  faults(): Faults;
}

export function createSandboxProvider(environment: Readonly<Record<string, string | undefined>>): SandboxProvider {
  let configured: ValueMap = new Map();
  const context = (): SandboxContext => {
    const named = textOf(configured, 'root') ?? environment['SLUICE_SANDBOX_ROOT'];
    const root = named ?? join(process.cwd(), defaultFolder(environment['SLUICE_SANDBOX_PROJECT']));
    return { root, makesRoot: named === undefined };
  };
  const faults = (): Faults =>
    new Map([...faultsFromEnvironment(environment['SLUICE_SANDBOX_FAULTS']), ...faultsOf(configured)]);
  return {
    faults,
    calls: {
      GetProviderSchema: async () => describeProvider(),
      ValidateProviderConfig: async ({ config }) => ({
        diagnostics: writeProblems(checkFaults(faultsOf(readObject(config, settings) ?? new Map()))),
      }),
      ConfigureProvider: async ({ config }) => {
        configured = readObject(config, settings) ?? new Map();
        return { diagnostics: [] };
      },
      ValidateResourceConfig: async (request) => validate(find(resources, request.type_name), request),
      ValidateDataResourceConfig: async (request) => validate(find(dataSources, request.type_name), request),
      UpgradeResourceState: async (request) => upgrade(find(resources, request.type_name), request),
      ReadResource: async (request) => read(find(resources, request.type_name), request, context()),
      PlanResourceChange: async (request) => plan(find(resources, request.type_name), request, faults()),
      ApplyResourceChange: async (request) => apply(find(resources, request.type_name), request, context(), faults()),
      ImportResourceState: async (request) => importState(find(resources, request.type_name), request, context()),
      ReadDataSource: async ({ type_name, config }) => {
        const source = find(dataSources, type_name);
        const outcome = await source.read(readObject(config, source.attributes) ?? new Map(), context());
        return { state: writeObject(outcome.state, source.attributes), diagnostics: writeProblems(outcome.problems) };
      },
      StopProvider: async () => ({ error: '' }),
    },
  };
}

/** Projects share no folder, and none of theirs lies in the one of those who use no project. */
function defaultFolder(project: string | undefined): string {
  if (project === undefined) return 'sandbox-files';
  if (!isPlainPath(project)) throw new Error('SLUICE_SANDBOX_PROJECT must be the id of a project');
  return join('sandbox-projects', project);
}

function faultsOf(config: ValueMap): Faults {
  const given = config.get('faults') ?? null;
  if (!isValueMap(given)) return new Map();
  return new Map([...given].flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])));
}

function describeProvider(): object {
  const byName = (described: readonly Described[]) =>
    Object.fromEntries(described.map((each) => [each.name, writeSchema(each)]));
  return {
    provider: writeSchema({
      version: 0,
      description: 'A small provider to try things with, offline.',
      attributes: settings,
    }),
    resource_schemas: byName(resources),
    data_source_schemas: byName(dataSources),
    server_capabilities: { plan_destroy: true, get_provider_schema_optional: true },
    diagnostics: [],
  };
}

function find<T extends Described>(types: readonly T[], name: string): T {
  const found = types.find((type) => type.name === name);
  if (found === undefined) throw new Error(`no such type: ${name}`);
  return found;
}

async function validate(type: Described, request: TypedRequest): Promise<object> {
  const config: ValueMap = readObject(request.config, type.attributes) ?? new Map();
  const missing = type.attributes
    .filter(({ name, required }) => required === true && (config.get(name) ?? null) === null)
    .map(({ name }) => problemAt(name, 'Missing attribute', `${name} is required.`));
  return { diagnostics: writeProblems([...missing, ...type.validate(config)]) };
}

async function upgrade(type: ResourceType, request: TypedRequest): Promise<object> {
  const stored = parseStored(request.raw_state?.json ?? new Uint8Array());
  const version = Number(request.version);
  const state = version < type.version && type.upgrade !== undefined ? type.upgrade(version, stored) : stored;
  return { upgraded_state: writeObject(objectFromJson(state, type.attributes), type.attributes), diagnostics: [] };
}

function parseStored(json: Uint8Array): Record<string, unknown> {
  const state: unknown = JSON.parse(Buffer.from(json).toString('utf8'));
  if (!isJsonObject(state)) throw new TypeError('the stored state is no object');
  return state;
}

async function read(type: ResourceType, request: TypedRequest, context: SandboxContext): Promise<object> {
  const state = readObject(request.current_state, type.attributes);
  const outcome: Outcome = state === null ? { state, problems: [] } : await type.read(state, context);
  return {
    new_state: writeObject(outcome.state, type.attributes),
    private: request.private,
    diagnostics: writeProblems(outcome.problems),
  };
}

// Travels from plan to apply to state and back; a driver that loses it would lose a real provider's bookkeeping too.
const NOTE = Buffer.from('{"made_by":"sluice/sandbox"}');

async function plan(type: ResourceType, request: TypedRequest, faults: Faults): Promise<object> {
  const { attributes } = type;
  const proposed = readObject(request.proposed_new_state, attributes);
  if (proposed === null)
    return { planned_state: writeObject(null, attributes), planned_private: request.prior_private, diagnostics: [] };
  const config = readObject(request.config, attributes) ?? proposed;
  const { planned, replacedBy } = planResource(attributes, readObject(request.prior_state, attributes), config);
  return {
    planned_state: writeObject(altered(planned, faults.get('change_config')), attributes),
    requires_replace: replacedBy.map((name) => ({ steps: writeSteps([name]) })),
    planned_private: request.prior_private.length > 0 ? request.prior_private : NOTE,
    diagnostics: [],
  };
}

async function apply(
  type: ResourceType,
  request: TypedRequest,
  context: SandboxContext,
  faults: Faults,
): Promise<object> {
  const prior = readObject(request.prior_state, type.attributes);
  const planned = readObject(request.planned_state, type.attributes);
  const outcome = await carryOut(type, prior, planned, context);
  const failed = prior === null && faults.has('fail_create');
  const problems: readonly Problem[] = failed ? [...outcome.problems, lateFailure] : outcome.problems;
  const state = outcome.state === null ? null : spoiled(outcome.state, type, faults);
  return {
    new_state: writeObject(state, type.attributes),
    private: request.planned_private,
    diagnostics: writeProblems(problems),
  };
}

const lateFailure: Problem = {
  severity: 'error',
  summary: 'The object was made, but not completed',
  detail: 'fault: fail_create',
  path: [],
};

async function carryOut(
  type: ResourceType,
  prior: ValueMap | null,
  planned: ValueMap | null,
  context: SandboxContext,
): Promise<Outcome> {
  if (planned === null) {
    const problems = prior === null ? [] : await type.delete(prior, context);
    return { state: errorsOf(problems).length > 0 ? prior : null, problems };
  }
  if (prior === null) return type.create(planned, context);
  if (type.update === undefined)
    return { state: prior, problems: [problemAt('id', 'No update', `${type.name} can only be replaced.`)] };
  return type.update(planned, prior, context);
}

function spoiled(state: ValueMap, type: ResourceType, faults: Faults): ValueMap {
  const computed = type.attributes
    .filter(({ from }) => from === 'computed')
    .map(({ name }): [string, Value] => [name, unknown]);
  const kept = faults.has('unknown_after_apply') ? withValues(state, Object.fromEntries(computed)) : state;
  return altered(kept, faults.get('change_planned'));
}

function altered(object: ValueMap, name: string | undefined): ValueMap {
  return name !== undefined && object.has(name)
    ? withValues(object, { [name]: `${textOf(object, name) ?? ''}!` })
    : object;
}

async function importState(type: ResourceType, request: TypedRequest, context: SandboxContext): Promise<object> {
  const { state, problems } = await type.import(request.id, context);
  const imported =
    state === null ? [] : [{ type_name: type.name, state: writeObject(state, type.attributes), private: NOTE }];
  return { imported_resources: imported, diagnostics: writeProblems(problems) };
}
