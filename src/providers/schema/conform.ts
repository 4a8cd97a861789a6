import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import type { Problem } from '../../shared/problems.ts';
import { normalizeSet, unknown, type Value } from '../values/index.ts';
import { conformMembers } from './conform-members.ts';
import { conformType } from './conform-type.ts';
import { ConfigProblems, describeJson, isJsonList, type Path } from './config-problems.ts';
import { knownLater } from './known-later.ts';
import { resolveDynamic } from './resolve-dynamic.ts';
import type { NestedAttributes, NestedBlock, SchemaAttribute, SchemaBlock } from './resource-schema.ts';
import { impliedType } from './implied-type.ts';

/**
 * Turns a user's JSON configuration into a value of the schema's implied type, and lists everything that does not fit.
 * What is left out becomes what the protocol wants for it: null for an attribute, an empty list for a list of blocks.
 * The value is only to be used when there are no errors. Problems never repeat the values they are about.
 *
 * @param json numbers may be given as decimal text, where JavaScript would lose digits; `knownLater` in place of an
 *   attribute, or of a part of one, becomes an unknown
 */
export function conform(json: Json, block: SchemaBlock): { value: Value; problems: Problem[] } {
  const problems = new ConfigProblems();
  const value = conformBlock(json, block, [], problems);
  return { value, problems: problems.all };
}

function conformBlock(json: Json, block: SchemaBlock, path: Path, problems: ConfigProblems): Value {
  if (json === knownLater) return blockKnownLater(path, problems);
  if (!isJsonObject(json)) return problems.add(path, 'must be an object', `got ${describeJson(json)}`);
  const names = [...block.attributes, ...block.blocks].map(({ name }) => name);
  problems.rejectStrangers(json, names, path);
  const value = new Map<string, Value>();
  for (const attribute of block.attributes) {
    value.set(
      attribute.name,
      conformAttribute(own(json, attribute.name), attribute, [...path, attribute.name], problems),
    );
  }
  for (const nested of block.blocks) {
    value.set(nested.name, conformNestedBlock(own(json, nested.name), nested, [...path, nested.name], problems));
  }
  return value;
}

function own(json: JsonObject, name: string): Json {
  return Object.hasOwn(json, name) ? (json[name] ?? null) : null;
}

function conformAttribute(json: Json, attribute: SchemaAttribute, path: Path, problems: ConfigProblems): Value {
  if (json === null) return attribute.required ? problems.add(path, 'is required', attribute.description) : null;
  if (!attribute.required && !attribute.optional) {
    return problems.add(path, 'is decided by the provider', 'leave it out');
  }
  if (attribute.deprecated) problems.warn(path, 'is deprecated', attribute.description);
  if (attribute.nested === undefined) return conformType(json, attribute.type, path, problems);
  return conformNestedAttribute(json, attribute.nested, path, problems);
}

function conformNestedAttribute(json: Json, nested: NestedAttributes, path: Path, problems: ConfigProblems): Value {
  if (json === knownLater) return unknown;
  const block: SchemaBlock = { attributes: nested.attributes, blocks: [], description: '', deprecated: false };
  switch (nested.nesting) {
    case 'SINGLE':
      return conformBlock(json, block, path, problems);
    case 'MAP':
      return conformBlockMap(json, block, path, problems);
    case 'LIST':
    case 'SET':
      return conformBlockList(json, block, nested.nesting, path, problems);
  }
}

function conformNestedBlock(json: Json, nested: NestedBlock, path: Path, problems: ConfigProblems): Value {
  if (json === knownLater) return blockKnownLater(path, problems);
  const { nesting, block } = nested;
  switch (nesting) {
    case 'SINGLE':
      if (json === null) return nested.minItems > 0 ? problems.add(path, 'is required') : null;
      return conformBlock(json, block, path, problems);
    case 'GROUP':
      return conformBlock(json ?? {}, block, path, problems);
    case 'MAP':
      return resolveDynamic(conformBlockMap(json ?? {}, block, path, problems), impliedType(block));
    case 'SET':
      checkCount(json ?? [], nested, path, problems);
      return conformBlockList(json ?? [], block, nesting, path, problems);
    case 'LIST':
      checkCount(json ?? [], nested, path, problems);
      return resolveDynamic(conformBlockList(json ?? [], block, nesting, path, problems), impliedType(block));
  }
}

// How many blocks there are must be known to plan anything.
function blockKnownLater(path: Path, problems: ConfigProblems): null {
  return problems.add(path, 'is a block and must be given', 'refer to what is known later from its attributes');
}

function checkCount(json: Json, { minItems, maxItems }: NestedBlock, path: Path, problems: ConfigProblems): void {
  if (!isJsonList(json)) return;
  if (json.length < minItems) problems.add(path, `must have at least ${minItems}`, `got ${json.length}`);
  if (maxItems > 0 && json.length > maxItems) problems.add(path, `must have at most ${maxItems}`, `got ${json.length}`);
}

function conformBlockMap(json: Json, block: SchemaBlock, path: Path, problems: ConfigProblems): Value {
  if (!isJsonObject(json)) return problems.add(path, 'must be an object of objects', `got ${describeJson(json)}`);
  return conformMembers(json, path, problems, (part, at) => conformBlock(part, block, at, problems));
}

function conformBlockList(
  json: Json,
  block: SchemaBlock,
  nesting: 'LIST' | 'SET',
  path: Path,
  problems: ConfigProblems,
): Value {
  if (!isJsonList(json)) return problems.add(path, 'must be a list of objects', `got ${describeJson(json)}`);
  const values = json.map((part, at) => conformBlock(part, block, [...path, at], problems));
  return nesting === 'SET' ? normalizeSet(values) : values;
}
