import { equalValues, isValueList, isValueMap, Unknown, type Value } from '../../providers/index.ts';
import { canPair, commonElements } from './common-elements.ts';
import { bare, elementAt, part } from './parts.ts';
import { type Nest, nestOfAttribute, nestOfBlock, type Shape } from './shape.ts';

/**
 * Finds, for each element of a configured set, the element of the prior set that it stands for. A set has no keys, so an
 * element is known by what the user wrote: its values that the provider does not compute. Elements that are equal
 * throughout find each other first; nothing is given away twice. Of sets so large that this would take minutes only those
 * are found.
 *
 * @returns one entry for each element of `configured`: its counterpart, or undefined when it is new
 */
export function matchSet(
  shape: Shape,
  configured: readonly Value[],
  prior: readonly Value[],
): readonly (Value | undefined)[] {
  const found = new Map<number, Value>();
  const equal = commonElements(configured, prior);
  for (const [at, index] of equal) found.set(at, elementAt(prior, index));
  const taken = new Set(equal.values());
  const free = new Map(prior.entries().filter(([index]) => !taken.has(index)));
  const left = [...configured.entries()].filter(([at]) => !found.has(at));
  if (!canPair(left, [...free])) return configured.map((_, at) => found.get(at));
  for (const [at, element] of left) {
    const match = free.entries().find(([, candidate]) => standsFor(shape, element, candidate));
    if (match === undefined) continue;
    free.delete(match[0]);
    found.set(at, match[1]);
  }
  return configured.map((_, at) => found.get(at));
}

/** Whether the user could have meant `prior` by writing `configured`. */
function standsFor(shape: Shape, configured: Value, prior: Value): boolean {
  if (!isValueMap(bare(configured)) || !isValueMap(bare(prior))) return equalValues(configured, prior);
  return (
    shape.attributes.every((attribute) => {
      if (attribute.writeOnly) return true;
      const wanted = part(configured, attribute.name);
      if (wanted === null && attribute.computed) return true;
      return nestStandsFor(nestOfAttribute(attribute), wanted, part(prior, attribute.name));
    }) &&
    shape.blocks.every((block) =>
      nestStandsFor(nestOfBlock(block), part(configured, block.name), part(prior, block.name)),
    )
  );
}

function nestStandsFor(nest: Nest | undefined, rawConfigured: Value, rawPrior: Value): boolean {
  const configured = bare(rawConfigured);
  const prior = bare(rawPrior);
  if (configured instanceof Unknown) return true;
  if (nest === undefined || configured === null || prior === null) return equalValues(configured, prior);
  const { shape, nesting } = nest;
  if (isValueList(configured) && isValueList(prior)) {
    if (configured.length !== prior.length) return false;
    if (nesting === 'SET') return matchSet(shape, configured, prior).every((match) => match !== undefined);
    return configured.every((element, at) => standsFor(shape, element, elementAt(prior, at)));
  }
  if (nesting !== 'MAP') return standsFor(shape, configured, prior);
  return mapStandsFor(shape, configured, prior);
}

function mapStandsFor(shape: Shape, configured: Value, prior: Value): boolean {
  if (!isValueMap(configured) || !isValueMap(prior) || configured.size !== prior.size) return false;
  return configured.entries().every(([key, element]) => prior.has(key) && standsFor(shape, element, part(prior, key)));
}
