import { CtyNumber, isWhollyKnown, knownLater, type SchemaBlock, type Value } from '../../../providers/index.ts';
import { valueToPlain, withoutKnownLater } from '../../../providers/index.ts';
import { badInput } from '../../../shared/errors.ts';
import { isJsonObject, type Json } from '../../../shared/json.ts';
import { formatPath } from '../../../shared/problems.ts';
import { redactJson } from '../../plan/redact-json.ts';
import { type Found, isInside, lookUp, NoSuchPlace, type Source } from './look-up.ts';
import type { Target } from './parse-expression.ts';
import type { Path, Template, TemplatePart } from './parse-templates.ts';

/** A reference whose resource is known. */
export interface Reference extends Target {
  /** As it was written. */
  readonly expression: string;
}

export interface FilledConfig {
  /** With `knownLater` where a value is not known yet: for the schema's check. */
  readonly marked: Json;
  /** With null there: for policies and the record. */
  readonly plain: Json;
  readonly isWhole: boolean;
}

interface Filling {
  readonly where: string;
  readonly references: ReadonlyMap<string, Reference>;
  readonly source: (resourceID: string) => Source;
  /** Formatted paths of the configuration where secrets may go. */
  readonly secretPaths: readonly string[];
}

/**
 * Fills the references of a configuration in with what is known now.
 *
 * @param references by their expressions
 * @param block schema of the resource that the configuration is of: a secret may only go where its schema hides it
 * @throws BAD_INPUT naming the place and the reference
 */
export function fillIn(
  config: Json,
  templates: readonly Template[],
  block: SchemaBlock,
  sources: Pick<Filling, 'where' | 'references' | 'source'>,
): FilledConfig {
  if (templates.length === 0) return { marked: config, plain: config, isWhole: true };
  const filling = { ...sources, secretPaths: redactJson(block, config).paths };
  const values = new Map(templates.map((template) => [pathKey(template.path), fillTemplate(template, filling)]));
  const marked = replaceAt(config, values);
  return { marked, plain: withoutKnownLater(marked), isWhole: ![...values.values()].some(isKnownLater) };
}

function isKnownLater(json: Json): boolean {
  if (json === knownLater) return true;
  if (Array.isArray(json)) return json.some(isKnownLater);
  return isJsonObject(json) && Object.values(json).some(isKnownLater);
}

const pathKey = (path: Path): string => JSON.stringify(path);

function replaceAt(json: Json, values: ReadonlyMap<string, Json>, path: Path = []): Json {
  if (typeof json === 'string') {
    const value = values.get(pathKey(path));
    return value === undefined ? json : value;
  }
  if (isList(json)) return json.map((part, at) => replaceAt(part, values, [...path, at]));
  if (!isJsonObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([key, part]) => [key, replaceAt(part, values, [...path, key])]));
}

function fillTemplate({ path, parts }: Template, filling: Filling): Json {
  const [only, ...more] = parts;
  if (only !== undefined && 'expression' in only && more.length === 0) return plainOf(find(only, path, filling).value);
  const texts = parts.map((part) => ('text' in part ? part.text : textOf(part, path, filling)));
  return texts.every((text) => text !== undefined) ? texts.join('') : knownLater;
}

function find({ expression }: Extract<TemplatePart, { expression: string }>, path: Path, filling: Filling): Found {
  const reference = filling.references.get(expression);
  if (reference === undefined) throw wrong(expression, path, filling, 'names no resource');
  const found = lookUpOr(reference, path, filling);
  const place = formatPath(path);
  if (found.sensitive && !filling.secretPaths.some((secret) => isInside(place, secret))) {
    throw wrong(
      expression,
      path,
      filling,
      'is sensitive, and this attribute would show it; give it to a sensitive one',
    );
  }
  return found;
}

function lookUpOr(reference: Reference, path: Path, filling: Filling): Found {
  try {
    return lookUp(filling.source(reference.resourceID), reference.steps);
  } catch (error) {
    if (!(error instanceof NoSuchPlace)) throw error;
    throw wrong(reference.expression, path, filling, `of ${reference.resourceID}: ${error.message}`);
  }
}

/** Parts of a value that are known later stay so, each by itself. */
function plainOf(value: Value): Json {
  if (isWhollyKnown(value)) return valueToPlain(value);
  if (value instanceof Map) {
    const map: ReadonlyMap<string, Value> = value;
    return Object.fromEntries([...map].map(([key, part]) => [key, plainOf(part)]));
  }
  return Array.isArray(value) ? value.map((part: Value) => plainOf(part)) : knownLater;
}

function textOf(part: Extract<TemplatePart, { expression: string }>, path: Path, filling: Filling): string | undefined {
  const { value } = find(part, path, filling);
  if (!isWhollyKnown(value)) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean' || value instanceof CtyNumber) return value.toString();
  throw wrong(
    part.expression,
    path,
    filling,
    value === null ? 'is null, which is no text' : 'is no single text or number',
  );
}

function wrong(expression: string, path: Path, { where }: Filling, what: string): Error {
  return badInput(`${where}.${formatPath(path)}`, `\${${expression}} ${what}`);
}

// `Array.isArray` does not narrow a readonly array.
function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}
