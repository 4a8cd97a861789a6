import { equalValues, unknown, type Value, type ValueMap } from '../providers/index.ts';
import type { Attribute } from './resource-type.ts';

/** What a change would give, with unknowns where only the apply can tell. */
export interface Plan {
  readonly planned: ValueMap;
  /** Attributes whose change makes a new object. */
  readonly replacedBy: readonly string[];
}

/**
 * Plans a create (`prior` null) or an update. The user's values stand as they are, defaults fill the gaps, and what the
 * provider computes is unknown unless it survives the change.
 */
export function planResource(attributes: readonly Attribute[], prior: ValueMap | null, config: ValueMap): Plan {
  const wanted = new Map(
    attributes.filter(isSettable).map((attribute) => [attribute.name, wantedValue(attribute, config)]),
  );
  const changed = attributes.filter(
    (attribute) => prior !== null && isSettable(attribute) && differs(attribute, prior, wanted),
  );
  const replacedBy = changed.filter((attribute) => attribute.replaces).map((attribute) => attribute.name);
  const computed = (attribute: Attribute): Value => {
    const keeps = prior !== null && replacedBy.length === 0 && (changed.length === 0 || attribute.stable === true);
    return keeps ? (prior.get(attribute.name) ?? null) : unknown;
  };
  const planned = attributes.map((attribute): [string, Value] => [
    attribute.name,
    isSettable(attribute) ? (wanted.get(attribute.name) ?? null) : computed(attribute),
  ]);
  return { planned: new Map(planned), replacedBy };
}

function isSettable(attribute: Attribute): boolean {
  return attribute.from !== 'computed';
}

function wantedValue(attribute: Attribute, config: ValueMap): Value {
  return config.get(attribute.name) ?? attribute.fallback ?? null;
}

function differs(attribute: Attribute, prior: ValueMap, wanted: ReadonlyMap<string, Value>): boolean {
  return !equalValues(prior.get(attribute.name) ?? null, wanted.get(attribute.name) ?? null);
}
