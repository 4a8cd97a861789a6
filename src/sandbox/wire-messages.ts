import {
  decodeValue,
  encodeValue,
  nullValue,
  type CtyType,
  typeToJson,
  type Value,
  type ValueMap,
  CtyNumber,
} from '../providers/index.ts';
import { isJsonObject } from '../shared/json.ts';
import type { Problem } from '../shared/problems.ts';
import type { Attribute, Described } from './resource-type.ts';
import { requireObject } from './value-access.ts';

// Messages as the generated protocol code hands them over: field names as in the .proto files, enums by name.

export interface DynamicValue {
  readonly msgpack: Uint8Array;
}

/** Every request that names a type and carries objects of it. */
export interface TypedRequest {
  readonly type_name: string;
  readonly config: DynamicValue | null;
  readonly prior_state: DynamicValue | null;
  readonly planned_state: DynamicValue | null;
  readonly proposed_new_state: DynamicValue | null;
  readonly current_state: DynamicValue | null;
  readonly prior_private: Uint8Array;
  readonly planned_private: Uint8Array;
  readonly private: Uint8Array;
  readonly id: string;
  readonly version: string;
  readonly raw_state: { readonly json: Uint8Array } | null;
}

/** The object type that a list of attributes implies. */
export function objectType(attributes: readonly Attribute[]): CtyType {
  return { object: Object.fromEntries(attributes.map((attribute) => [attribute.name, attribute.type])) };
}

export function readObject(message: DynamicValue | null, attributes: readonly Attribute[]): ValueMap | null {
  if (message === null || message.msgpack.length === 0) return null;
  const value = decodeValue(message.msgpack, objectType(attributes));
  return value === null ? null : requireObject(value);
}

export function writeObject(object: ValueMap | null, attributes: readonly Attribute[]): DynamicValue {
  return { msgpack: object === null ? nullValue : encodeValue(object, objectType(attributes)) };
}

/** State as stored in JSON: attributes that the schema no longer has are dropped, missing ones are null. */
export function objectFromJson(state: Record<string, unknown>, attributes: readonly Attribute[]): ValueMap {
  return new Map(attributes.map(({ name, type }) => [name, valueFromJson(state[name] ?? null, type)]));
}

function valueFromJson(raw: unknown, type: CtyType): Value {
  if (raw === null || typeof raw === 'boolean' || typeof raw === 'string') return raw;
  if (typeof raw === 'number') return CtyNumber.from(raw); // lengths and sizes: far below where JSON loses digits
  if (Array.isArray(raw) && typeof type === 'object' && 'list' in type)
    return raw.map((item: unknown) => valueFromJson(item, type.list));
  if (isJsonObject(raw) && typeof type === 'object' && 'map' in type) {
    return new Map(Object.entries(raw).map(([key, item]) => [key, valueFromJson(item, type.map)]));
  }
  throw new TypeError('the stored state does not fit the schema');
}

export function writeProblems(problems: readonly Problem[]): object[] {
  return problems.map(({ severity, summary, detail, path }) => ({
    severity: severity === 'error' ? 'ERROR' : 'WARNING',
    summary,
    detail,
    attribute: path.length === 0 ? null : { steps: writeSteps(path) },
  }));
}

export function writeSteps(path: readonly (string | number)[]): object[] {
  return path.map((step) => (typeof step === 'number' ? { element_key_int: step } : { attribute_name: step }));
}

export function writeSchema({
  version,
  description,
  attributes,
}: Pick<Described, 'version' | 'description' | 'attributes'>): object {
  return {
    version,
    block: { version, description, description_kind: 'PLAIN', attributes: attributes.map(writeAttribute) },
  };
}

function writeAttribute({ name, type, from, required = false, sensitive = false, description }: Attribute): object {
  return {
    name,
    type: Buffer.from(JSON.stringify(typeToJson(type))),
    description,
    description_kind: 'PLAIN',
    required,
    optional: from !== 'computed' && !required,
    computed: from !== 'given',
    sensitive,
  };
}
