import type { Problem } from '../../shared/problems.ts';
import {
  equalValues,
  isValueList,
  isValueMap,
  isWhollyKnown,
  type SchemaAttribute,
  type SchemaBlock,
  Unknown,
  type Value,
  type ValueMap,
} from '../../providers/index.ts';
import { matchSet } from '../merge/match-set.ts';
import { canPair, commonElements } from '../merge/common-elements.ts';
import { bare, elementAt, elementsOf, part } from '../merge/parts.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from '../merge/shape.ts';
import { agrees } from './agrees.ts';
import { breach, leak, type Path } from './breach.ts';

/**
 * Checks what a provider planned against what it was given. What the user wrote must be in the plan as written, or as it
 * was before (so a provider may keep its own spelling of the same thing); only computed attributes may differ; blocks
 * may be neither added nor dropped; a write-only value may not be kept.
 *
 * @param prior   null on a create
 * @param config  null on a destroy
 * @param planned what the provider answered
 * @returns what is wrong, each with its path
 */
export function checkPlan(schema: SchemaBlock, prior: Value, config: Value, planned: Value): Problem[] {
  if (config === null) {
    return planned === null ? [] : [breach([], 'planned to keep an object that is to be destroyed')];
  }
  if (!isValueMap(planned)) return [breach([], 'planned no object where one is to be')];
  return checkObject(schema, [], prior, config, planned);
}

function checkObject(shape: Shape, path: Path, prior: Value, config: Value, planned: Value): Problem[] {
  const attributes = shape.attributes.flatMap((attribute) => {
    const { name } = attribute;
    return checkAttribute(attribute, [...path, name], part(prior, name), part(config, name), part(planned, name));
  });
  const blocks = shape.blocks.flatMap((block) => {
    const { name } = block;
    return checkNest(nestOfBlock(block), [...path, name], part(prior, name), part(config, name), part(planned, name));
  });
  return [...attributes, ...blocks];
}

function checkAttribute(
  attribute: SchemaAttribute,
  path: Path,
  prior: Value,
  config: Value,
  planned: Value,
): Problem[] {
  if (attribute.writeOnly) return planned === null ? [] : [leak(path, 'planned to keep a write-only value')];
  if (agrees(config, planned, attribute.type)) return [];
  if (config === null) {
    return attribute.computed ? [] : [breach(path, 'planned a value for an argument that is not set and not computed')];
  }
  if (prior !== null && equalValues(prior, planned)) return [];
  const nest = nestOfAttribute(attribute);
  if (nest !== undefined) return checkNest(nest, path, prior, config, planned);
  return [breach(path, 'planned a value that is not the configured one')];
}

function checkNest(nest: Nest, path: Path, rawPrior: Value, rawConfig: Value, rawPlanned: Value): Problem[] {
  const [prior, config, planned] = [bare(rawPrior), bare(rawConfig), bare(rawPlanned)];
  if (config instanceof Unknown) return [];
  if (config === null && planned === null) return [];
  if (isValueList(config) && isValueList(planned)) return checkElements(nest, path, prior, config, planned);
  if (!isValueMap(config) || !isValueMap(planned)) return [breach(path, 'planned to add or drop what is configured')];
  if (nest.nesting === 'MAP') return checkEntries(nest.shape, path, prior, config, planned);
  return checkObject(nest.shape, path, prior, config, planned);
}

function checkEntries(shape: Shape, path: Path, prior: Value, config: ValueMap, planned: ValueMap): Problem[] {
  if (config.size !== planned.size || config.keys().some((key) => !planned.has(key))) {
    return [breach(path, 'planned other keys than the configured ones')];
  }
  return [...config].flatMap(([key, element]) =>
    checkElement(shape, [...path, key], part(prior, key), element, part(planned, key)),
  );
}

function checkElements(
  { nesting, shape }: Nest,
  path: Path,
  prior: Value,
  config: readonly Value[],
  planned: readonly Value[],
): Problem[] {
  if (nesting === 'SET') return checkSet(shape, path, prior, config, planned);
  if (config.length !== planned.length) return [breach(path, `planned ${planned.length} in place of ${config.length}`)];
  const before = elementsOf(prior);
  return config.flatMap((element, at) =>
    checkElement(shape, [...path, at], elementAt(before, at), element, elementAt(planned, at)),
  );
}

function checkElement(shape: Shape, path: Path, prior: Value, config: Value, planned: Value): Problem[] {
  if (config instanceof Unknown || equalValues(config, planned)) return [];
  if (!isValueMap(config) || !isValueMap(planned)) return [breach(path, 'planned to add or drop what is configured')];
  return checkObject(shape, path, prior, config, planned);
}

/** Each planned element must be what became of a configured one, and none may be left over. */
function checkSet(
  shape: Shape,
  path: Path,
  prior: Value,
  config: readonly Value[],
  planned: readonly Value[],
): Problem[] {
  if (!config.every(isWhollyKnown)) return []; // its elements may yet turn out equal, so nothing can be counted
  if (config.length !== planned.length) return [breach(path, `planned ${planned.length} in place of ${config.length}`)];
  const before = matchSet(shape, config, elementsOf(prior));
  const same = commonElements(config, planned);
  const met = new Set(same.values());
  const free = new Set(planned.filter((_, at) => !met.has(at)));
  if (!canPair([...free], [...free])) return [breach(path, 'planned more elements than can be compared')];
  const unmet = config.filter((element, at) => {
    if (same.has(at)) return false;
    const match = [...free].find(
      (candidate) => checkElement(shape, path, elementAt(before, at), element, candidate).length === 0,
    );
    return match === undefined || !free.delete(match);
  });
  return unmet.length === 0 ? [] : [breach(path, `planned ${unmet.length} elements that are not configured`)];
}
