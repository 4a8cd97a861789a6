import {
  type CtyType,
  isValueList,
  isValueMap,
  type SchemaBlock,
  Unknown,
  unknown,
  type Value,
} from '../../../providers/index.ts';
import { formatPath } from '../../../shared/problems.ts';
import { suggestName } from '../../../shared/suggest-name.ts';
import { bare } from '../../merge/parts.ts';
import { redact } from '../../plan/redact.ts';
import type { Path } from './parse-templates.ts';

/** A resource that references may point into. */
export interface Source {
  readonly value: Value;
  readonly valueType: CtyType;
  readonly block: SchemaBlock;
}

export interface Found {
  readonly value: Value;
  /** It is secret, holds a secret, or lies inside one. */
  readonly sensitive: boolean;
}

/** The resource has no such place; the message says which step is wrong. */
export class NoSuchPlace extends Error {}

/**
 * The value that a reference points at; an unknown when only an apply will tell it.
 *
 * @throws NoSuchPlace
 */
export function lookUp(source: Source, steps: Path): Found {
  let { value, valueType } = source;
  for (const [at, step] of steps.entries()) {
    const place = at === 0 ? 'it' : formatPath(steps.slice(0, at));
    valueType = typeBelow(valueType, step, place);
    value = valueBelow(value, step, place);
  }
  return { value: bare(value), sensitive: isSensitive(source, steps) };
}

function typeBelow(type: CtyType, step: string | number, place: string): CtyType {
  if (type === 'dynamic') return type;
  if (typeof type === 'string') throw new NoSuchPlace(`${place} is a ${type} and has no parts`);
  if ('map' in type) return type.map;
  if ('object' in type) return attributeType(type.object, step, place);
  if ('set' in type) throw new NoSuchPlace(`${place} is a set, whose elements have neither order nor name`);
  if (typeof step !== 'number') throw new NoSuchPlace(`${place} is a list: use an index such as [0]`);
  return 'list' in type ? type.list : (type.tuple[step] ?? 'dynamic');
}

function attributeType(attributes: Readonly<Record<string, CtyType>>, step: string | number, place: string): CtyType {
  const found = Object.hasOwn(attributes, step) ? attributes[step] : undefined;
  if (found !== undefined) return found;
  const meant = suggestName(String(step), Object.keys(attributes));
  const hint = meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`;
  throw new NoSuchPlace(`${place} has no attribute ${JSON.stringify(step)}${hint}`);
}

function valueBelow(whole: Value, step: string | number, place: string): Value {
  const value = bare(whole);
  if (value instanceof Unknown) return unknown;
  if (value === null) throw new NoSuchPlace(`${place} is null`);
  const found = isValueMap(value)
    ? value.get(String(step))
    : isValueList(value) && typeof step === 'number'
      ? value[step]
      : undefined;
  if (found === undefined) throw new NoSuchPlace(`${place} has no element ${JSON.stringify(step)}`);
  return found;
}

function isSensitive({ block, value }: Source, steps: Path): boolean {
  const path = formatPath(steps);
  return redact(block, value).paths.some((secret) => isInside(secret, path) || isInside(path, secret));
}

/** Whether a formatted path is another one or lies below it. */
export function isInside(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}.`) || inner.startsWith(`${outer}[`);
}
