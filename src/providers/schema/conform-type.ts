import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { CtyNumber, type CtyObject, type CtyType, Dynamic, describeType, normalizeSet } from '../values/index.ts';
import { typeOfValue, unknown, type Value } from '../values/index.ts';
import { conformMembers } from './conform-members.ts';
import { type ConfigProblems, describeJson, isJsonList, type Path } from './config-problems.ts';
import { knownLater } from './known-later.ts';

const MAX_DEPTH = 64; // only a place of dynamic type can be that deep

/**
 * Turns JSON into a value of a type, with Terraform's own conversions between text, numbers and booleans
 * (`"5"` is a number, `5` is text) and no others. What does not fit is noted and becomes null.
 */
export function conformType(json: Json, type: CtyType, path: Path, problems: ConfigProblems): Value {
  if (json === null) return null;
  if (json === knownLater) return unknown;
  if (path.length > MAX_DEPTH) return problems.add(path, 'is nested too deeply');
  if (typeof type === 'string') return conformPrimitive(json, type, path, problems);
  if ('map' in type) return conformMap(json, type.map, path, problems);
  if ('object' in type) return conformObject(json, type, path, problems);
  return conformSequence(json, type, path, problems);
}

type Primitive = Extract<CtyType, string>;

function conformPrimitive(json: Json, type: Primitive, path: Path, problems: ConfigProblems): Value {
  if (type === 'dynamic') {
    const value = freeValue(json, path, problems);
    return value === null ? null : new Dynamic(typeOfValue(value), value);
  }
  if (lostDigits(json))
    return problems.add(path, 'is too large for a JSON number', 'give it as text, with all its digits');
  const value = toPrimitive(json, type);
  return value ?? problems.add(path, `must be a ${type}`, `got ${describeJson(json)}`);
}

function toPrimitive(json: Json, type: 'string' | 'number' | 'bool'): Value | undefined {
  if (type === 'bool')
    return json === 'true' ? true : json === 'false' ? false : typeof json === 'boolean' ? json : undefined;
  if (type === 'number') return typeof json === 'number' || typeof json === 'string' ? toNumber(json) : undefined;
  if (typeof json === 'string') return json.normalize('NFC');
  if (typeof json === 'boolean') return String(json);
  return typeof json === 'number' ? toNumber(json)?.toString() : undefined;
}

function toNumber(source: string | number): CtyNumber | undefined {
  try {
    return CtyNumber.from(source);
  } catch {
    return undefined; // not a number, or too long for one
  }
}

// Whoever read the JSON has already rounded such a number, silently.
function lostDigits(json: Json): boolean {
  return typeof json === 'number' && Number.isInteger(json) && !Number.isSafeInteger(json);
}

// A place of dynamic type takes the JSON as it is.
function freeValue(json: Json, path: Path, problems: ConfigProblems): Value {
  if (path.length > MAX_DEPTH) return problems.add(path, 'is nested too deeply');
  if (lostDigits(json)) return problems.add(path, 'is too large for a JSON number', 'write a smaller one');
  if (json === knownLater) return unknown;
  if (typeof json === 'number') return CtyNumber.from(json);
  if (typeof json === 'string') return json.normalize('NFC');
  if (isJsonList(json)) return json.map((part, at) => freeValue(part, [...path, at], problems));
  if (!isJsonObject(json)) return json;
  return conformMembers(json, path, problems, (part, at) => freeValue(part, at, problems));
}

function conformMap(json: Json, element: CtyType, path: Path, problems: ConfigProblems): Value {
  if (!isJsonObject(json)) return problems.add(path, 'must be an object', `got ${describeJson(json)}`);
  return conformMembers(json, path, problems, (part, at) => conformType(part, element, at, problems));
}

function conformObject(json: Json, type: CtyObject, path: Path, problems: ConfigProblems): Value {
  if (!isJsonObject(json)) return problems.add(path, 'must be an object', `got ${describeJson(json)}`);
  const attributes = Object.entries(type.object);
  problems.rejectStrangers(json, Object.keys(type.object), path);
  return new Map(
    attributes.map(([name, inner]) => [name, conformMember(json, name, inner, type, [...path, name], problems)]),
  );
}

function conformMember(
  json: JsonObject,
  name: string,
  inner: CtyType,
  type: CtyObject,
  path: Path,
  problems: ConfigProblems,
): Value {
  if (Object.hasOwn(json, name)) return conformType(json[name] ?? null, inner, path, problems);
  if (type.optional?.includes(name) === true) return null;
  return problems.add(path, 'is missing', `every attribute of this object must be given; null stands for none`);
}

type Sequence = Extract<CtyType, { list: unknown } | { set: unknown } | { tuple: unknown }>;

function conformSequence(json: Json, type: Sequence, path: Path, problems: ConfigProblems): Value {
  if (!isJsonList(json)) return problems.add(path, `must be a ${describeType(type)}`, `got ${describeJson(json)}`);
  if ('tuple' in type) return conformTuple(json, type.tuple, path, problems);
  const element = 'list' in type ? type.list : type.set;
  const values = json.map((part, at) => conformType(part, element, [...path, at], problems));
  return 'set' in type ? normalizeSet(values) : values;
}

function conformTuple(json: readonly Json[], types: readonly CtyType[], path: Path, problems: ConfigProblems): Value {
  if (json.length !== types.length)
    return problems.add(path, `must have ${types.length} elements`, `got ${json.length}`);
  return types.map((type, at) => conformType(json[at] ?? null, type, [...path, at], problems));
}
