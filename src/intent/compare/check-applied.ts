import type { Problem } from '../../shared/problems.ts';
import {
  isValueList,
  isValueMap,
  isWhollyKnown,
  type SchemaAttribute,
  type SchemaBlock,
  Unknown,
  type Value,
} from '../../providers/index.ts';
import { canPair, commonElements } from '../merge/common-elements.ts';
import { bare, elementAt, part } from '../merge/parts.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from '../merge/shape.ts';
import { unknownPaths } from '../plan/unknowns.ts';
import { agrees } from './agrees.ts';
import { breach, leak, lenient, type Path } from './breach.ts';

/**
 * Checks the state that a provider returned against the plan it was given: what the plan said must have come true, what
 * it left open must be settled now.
 *
 * @param legacy the provider declared the old SDK's type system: differences become warnings, unknowns stay errors
 */
export function checkApplied(schema: SchemaBlock, planned: Value, applied: Value, legacy: boolean): Problem[] {
  if (planned === null) return applied === null ? [] : [breach([], 'returned an object that it was to destroy')];
  if (applied === null) return [breach([], 'returned no object though it reported no error')];
  const open = unknownPaths(applied).map((path) => breach(path, 'left a value unknown after the change'));
  const differences = checkObject(schema, [], planned, applied);
  return [...open, ...(legacy ? lenient(differences) : differences)];
}

function checkObject(shape: Shape, path: Path, planned: Value, applied: Value): Problem[] {
  const attributes = shape.attributes.flatMap((attribute) =>
    checkAttribute(attribute, [...path, attribute.name], part(planned, attribute.name), part(applied, attribute.name)),
  );
  const blocks = shape.blocks.flatMap((block) =>
    checkNest(nestOfBlock(block), [...path, block.name], part(planned, block.name), part(applied, block.name)),
  );
  return [...attributes, ...blocks];
}

function checkAttribute(attribute: SchemaAttribute, path: Path, planned: Value, applied: Value): Problem[] {
  if (attribute.writeOnly) return applied === null ? [] : [leak(path, 'kept a write-only value')];
  if (applied instanceof Unknown || agrees(planned, applied, attribute.type)) return [];
  const nest = nestOfAttribute(attribute);
  return nest === undefined
    ? [breach(path, 'returned a value that is not the planned one')]
    : checkNest(nest, path, planned, applied);
}

function checkNest(nest: Nest, path: Path, rawPlanned: Value, rawApplied: Value): Problem[] {
  const [planned, applied] = [bare(rawPlanned), bare(rawApplied)];
  if (planned instanceof Unknown || applied instanceof Unknown) return [];
  if (planned === null && applied === null) return [];
  if (isValueList(planned) && isValueList(applied)) return checkElements(nest, path, planned, applied);
  if (!isValueMap(planned) || !isValueMap(applied)) return [breach(path, 'added or dropped what was planned')];
  if (nest.nesting !== 'MAP') return checkObject(nest.shape, path, planned, applied);
  if (planned.size !== applied.size || planned.keys().some((key) => !applied.has(key))) {
    return [breach(path, 'returned other keys than the planned ones')];
  }
  return [...planned].flatMap(([key, element]) =>
    checkElement(nest.shape, [...path, key], element, part(applied, key)),
  );
}

function checkElements(
  { nesting, shape }: Nest,
  path: Path,
  planned: readonly Value[],
  applied: readonly Value[],
): Problem[] {
  if (nesting === 'SET') return checkSet(shape, path, planned, applied);
  if (planned.length !== applied.length) {
    return [breach(path, `returned ${applied.length} in place of ${planned.length}`)];
  }
  return planned.flatMap((element, at) => checkElement(shape, [...path, at], element, elementAt(applied, at)));
}

function checkElement(shape: Shape, path: Path, planned: Value, applied: Value): Problem[] {
  if (planned instanceof Unknown || applied instanceof Unknown) return [];
  if (planned === null && applied === null) return [];
  if (!isValueMap(planned) || !isValueMap(applied)) return [breach(path, 'added or dropped what was planned')];
  return checkObject(shape, path, planned, applied);
}

/** Elements of a set with unknowns may turn out equal: then there may be fewer, but each must come from a planned one. */
function checkSet(shape: Shape, path: Path, planned: readonly Value[], applied: readonly Value[]): Problem[] {
  const matches = (a: Value, b: Value): boolean => checkElement(shape, path, a, b).length === 0;
  const exact = planned.every(isWhollyKnown);
  const counted = exact ? planned.length === applied.length : applied.length <= planned.length;
  const same = commonElements(planned, applied);
  const met = new Set(same.values());
  const [open, fresh] = [planned.filter((_, at) => !same.has(at)), applied.filter((_, at) => !met.has(at))];
  if (!canPair(open, applied) || !canPair(fresh, planned)) {
    return [breach(path, 'returned more elements than can be compared')];
  }
  const kept = open.every((element) => applied.some((candidate) => matches(element, candidate)));
  const known = fresh.every((candidate) => planned.some((element) => matches(element, candidate)));
  return counted && kept && known ? [] : [breach(path, 'returned elements that are not the planned ones')];
}
