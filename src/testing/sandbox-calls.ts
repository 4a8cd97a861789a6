import { createSandboxProvider } from '../sandbox/index.ts';
import { formatPath } from '../shared/problems.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import {
  CtyNumber,
  type CtyObject,
  type CtyType,
  decodeValue,
  encodeValue,
  isValueMap,
  nullValue,
  parseType,
  Unknown,
  unknown,
  type Value,
  valueToPlain,
} from '../providers/values/index.ts';

type Message = Readonly<Record<string, unknown>>;

/** An object as an answer gives it, with plain numbers; the names of its unknown attributes apart. */
export interface Answered {
  readonly state: JsonObject | null;
  readonly unknown: string[];
  readonly problems: string[];
}

/**
 * The sandbox provider without a process round it: its protocol calls, with JSON in and out. Objects go through the
 * wire's encoding both ways; what a call does not name is null, as it is when Terraform sends it.
 */
export function aSandbox(environment: Readonly<Record<string, string>> = {}) {
  const provider = createSandboxProvider(environment);

  async function call(name: string, request: Message): Promise<Message> {
    const handler = provider.calls[name];
    if (handler === undefined) throw new Error(`no call ${name}`);
    const none = {
      config: null,
      prior_state: null,
      planned_state: null,
      proposed_new_state: null,
      current_state: null,
    };
    const empty = {
      prior_private: none8,
      planned_private: none8,
      private: none8,
      id: '',
      version: '0',
      raw_state: null,
      type_name: '',
    };
    return asMessage(await handler({ ...none, ...empty, ...request }));
  }

  async function schemaOf(kind: 'resource_schemas' | 'data_source_schemas', type: string): Promise<Message[]> {
    return attributesOf(asMessage(asMessage((await call('GetProviderSchema', {}))[kind])[type]));
  }

  async function objectType(type: string, kind: 'resource_schemas' | 'data_source_schemas' = 'resource_schemas') {
    return typeOfAttributes(await schemaOf(kind, type));
  }

  async function providerConfig(config: JsonObject) {
    const attributes = attributesOf(asMessage((await call('GetProviderSchema', {}))['provider']));
    return { config: pack(config, typeOfAttributes(attributes)) };
  }

  async function plan(type: string, prior: JsonObject | null, config: JsonObject | null) {
    const object = await objectType(type);
    const request = { type_name: type, prior_state: pack(prior, object), config: pack(config, object) };
    const answer = await call('PlanResourceChange', { ...request, proposed_new_state: pack(config, object) });
    return { answer, object, request };
  }

  async function apply(type: string, prior: JsonObject | null, config: JsonObject | null): Promise<Answered> {
    const { answer, object, request } = await plan(type, prior, config);
    const private_ = { planned_private: answer['planned_private'] };
    const applied = await call('ApplyResourceChange', {
      ...request,
      ...private_,
      planned_state: answer['planned_state'],
    });
    return read(applied, 'new_state', object);
  }

  return {
    configure: async (config: JsonObject) => void (await call('ConfigureProvider', await providerConfig(config))),
    validateProvider: async (config: JsonObject) =>
      problemsOf(await call('ValidateProviderConfig', await providerConfig(config))),
    validate: async (type: string, config: JsonObject, unknownNames: readonly string[] = []) => {
      const packed = pack(config, await objectType(type), unknownNames);
      return problemsOf(await call('ValidateResourceConfig', { type_name: type, config: packed }));
    },
    plan: async (type: string, prior: JsonObject | null, config: JsonObject | null) => {
      const { answer, object } = await plan(type, prior, config);
      const { state, unknown: names } = read(answer, 'planned_state', object);
      const replacedBy = asList(answer['requires_replace']).map((path) => stepsOf(path).join('.'));
      return { planned: state, unknown: names, replacedBy };
    },
    apply: async (type: string, prior: JsonObject | null, config: JsonObject | null) => {
      const { state, problems } = await apply(type, prior, config);
      return { state, problems };
    },
    create: (type: string, config: JsonObject) => apply(type, null, config),
    read: async (type: string, state: JsonObject) => {
      const object = await objectType(type);
      const answer = read(
        await call('ReadResource', { type_name: type, current_state: pack(state, object) }),
        'new_state',
        object,
      );
      return { state: answer.state, problems: answer.problems };
    },
    readData: async (type: string, config: JsonObject) => {
      const object = await objectType(type, 'data_source_schemas');
      return read(await call('ReadDataSource', { type_name: type, config: pack(config, object) }), 'state', object);
    },
    importState: async (type: string, id: string): Promise<Answered> => {
      const answer = await call('ImportResourceState', { type_name: type, id });
      const [imported] = asList(answer['imported_resources']);
      const object = await objectType(type);
      const problems = problemsOf(answer);
      return imported === undefined
        ? { state: null, unknown: [], problems }
        : { ...read(asMessage(imported), 'state', object), problems };
    },
    upgrade: async (type: string, version: number, state: JsonObject) => {
      const raw_state = { json: Buffer.from(JSON.stringify(state)) };
      const answer = await call('UpgradeResourceState', { type_name: type, version: String(version), raw_state });
      return read(answer, 'upgraded_state', await objectType(type)).state;
    },
    isSensitive: async (type: string, name: string) =>
      (await schemaOf('resource_schemas', type)).find((attribute) => attribute['name'] === name)?.['sensitive'],
  };
}

const none8 = new Uint8Array();

function attributesOf(schema: Message): Message[] {
  return asList(asMessage(schema['block'])['attributes']).map(asMessage);
}

function typeOfAttributes(attributes: readonly Message[]): CtyObject {
  return {
    object: Object.fromEntries(attributes.map(({ name, type }) => [String(name), parseType(JSON.parse(String(type)))])),
  };
}

function pack(
  object: JsonObject | null,
  type: CtyObject,
  unknownNames: readonly string[] = [],
): { msgpack: Uint8Array } {
  if (object === null) return { msgpack: nullValue };
  const parts = Object.entries(type.object).map(([name, part]): [string, Value] => [
    name,
    unknownNames.includes(name) ? unknown : toValue(object[name] ?? null, part),
  ]);
  return { msgpack: encodeValue(new Map(parts), type) };
}

function toValue(json: Json, type: CtyType): Value {
  if (typeof json === 'number') return CtyNumber.from(json);
  if (!isJsonObject(json) || typeof type === 'string' || !('map' in type)) return toPlainValue(json);
  return new Map(Object.entries(json).map(([key, part]) => [key, toValue(part, type.map)]));
}

function toPlainValue(json: Json): Value {
  if (json === null || typeof json === 'string' || typeof json === 'boolean') return json;
  throw new Error('not needed by any sandbox type');
}

function read(answer: Message, field: string, type: CtyObject): Answered {
  const bytes = asMessage(answer[field])['msgpack'];
  if (!(bytes instanceof Uint8Array)) throw new Error(`${field} has no value`);
  const value = decodeValue(bytes, type);
  const names = isValueMap(value) ? [...value].filter(([, part]) => part instanceof Unknown).map(([name]) => name) : [];
  const plain = valueToPlain(value);
  return { state: isJsonObject(plain) ? plain : null, unknown: names, problems: problemsOf(answer) };
}

function problemsOf(answer: Message): string[] {
  return asList(answer['diagnostics']).map((raw) => {
    const { summary, detail, attribute } = asMessage(raw);
    const where = attribute === null ? '' : `${formatPath(stepsOf(attribute))}: `;
    return `${where}${String(summary)}: ${String(detail)}`;
  });
}

function stepsOf(path: unknown): (string | number)[] {
  return asList(asMessage(path)['steps']).map((step) => {
    const { attribute_name: name, element_key_int: index } = asMessage(step);
    return typeof name === 'string' ? name : Number(index);
  });
}

function asMessage(raw: unknown): Message {
  if (!isJsonObject(raw)) throw new Error('a message was expected');
  return raw;
}

function asList(raw: unknown): readonly unknown[] {
  return Array.isArray(raw) ? raw : [];
}
