import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { formatPath } from '../../shared/problems.ts';
import type { SchemaAttribute, SchemaBlock } from '../../providers/index.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from '../merge/shape.ts';

type Path = readonly (string | number)[];

/** What becomes null, and who is told where. */
interface Rule {
  readonly hides: (attribute: SchemaAttribute) => boolean;
  readonly found: (path: Path, secret: Json) => void;
}

export interface RedactedJson {
  readonly value: Json;
  readonly paths: readonly string[];
}

/**
 * What may be shown of a configuration in the form the user gave it: nothing is added, only secrets become null. The
 * configuration has been found to fit the schema.
 */
export function redactJson(schema: SchemaBlock, json: Json): RedactedJson {
  const paths: string[] = [];
  const found = (path: Path): void => void paths.push(formatPath(path));
  return { value: redactObject(schema, json, [], { hides: isSecret, found }), paths };
}

/** Where a configuration holds what nobody may see. */
export function secretPaths(schema: SchemaBlock, json: Json): Path[] {
  const paths: Path[] = [];
  redactObject(schema, json, [], { hides: isSecret, found: (path) => void paths.push(path) });
  return paths;
}

export interface KeptJson {
  readonly value: Json;
  /** Where something was given that is not kept. */
  readonly withheld: readonly Path[];
}

/** What may be kept of a configuration: everything but what is write-only. */
export function withoutWriteOnly(schema: SchemaBlock, json: Json): KeptJson {
  const withheld: Path[] = [];
  const found = (path: Path): void => void withheld.push(path);
  return { value: redactObject(schema, json, [], { hides: ({ writeOnly }) => writeOnly, found }), withheld };
}

/** Texts of a state as JSON, perhaps of an older version of the schema, that nobody may see. */
export function secretsInJson(schema: SchemaBlock, json: Json): string[] {
  const secrets: Json[] = [];
  redactObject(schema, json, [], { hides: isSecret, found: (_path, secret) => void secrets.push(secret) });
  return secrets.flatMap(textsIn);
}

function isSecret({ sensitive, writeOnly }: SchemaAttribute): boolean {
  return sensitive || writeOnly;
}

function textsIn(json: Json): string[] {
  if (typeof json === 'string') return [json];
  if (typeof json === 'number') return [String(json)];
  if (isJsonList(json)) return json.flatMap(textsIn);
  return isJsonObject(json) ? Object.values(json).flatMap(textsIn) : [];
}

function redactObject(shape: Shape, json: Json, path: Path, rule: Rule): Json {
  if (!isJsonObject(json)) return json;
  const result: [string, Json][] = Object.entries(json).map(([name, value]) => [
    name,
    redactMember(shape, name, value, [...path, name], rule),
  ]);
  return Object.fromEntries(result);
}

function redactMember(shape: Shape, name: string, value: Json, path: Path, rule: Rule): Json {
  const attribute = shape.attributes.find((each) => each.name === name);
  if (attribute !== undefined && rule.hides(attribute) && value !== null) {
    rule.found(path, value);
    return null;
  }
  const nest = attribute === undefined ? nestOfNamedBlock(shape, name) : nestOfAttribute(attribute);
  return nest === undefined ? value : redactNest(nest, value, path, rule);
}

function nestOfNamedBlock(shape: Shape, name: string): Nest | undefined {
  const block = shape.blocks.find((each) => each.name === name);
  return block === undefined ? undefined : nestOfBlock(block);
}

function redactNest({ nesting, shape }: Nest, value: Json, path: Path, rule: Rule): Json {
  if (isJsonList(value)) return value.map((element, at) => redactObject(shape, element, [...path, at], rule));
  if (nesting !== 'MAP' || !isJsonObject(value)) return redactObject(shape, value, path, rule);
  return redactEntries(shape, value, path, rule);
}

function redactEntries(shape: Shape, value: JsonObject, path: Path, rule: Rule): Json {
  return Object.fromEntries(
    Object.entries(value).map(([key, element]) => [key, redactObject(shape, element, [...path, key], rule)]),
  );
}

function isJsonList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
