import { createHmac } from 'node:crypto';

import type { Json } from '../../shared/json.ts';
import {
  CtyNumber,
  isDynamic,
  isValueList,
  isValueMap,
  typeToJson,
  Unknown,
  type Value,
} from '../../providers/index.ts';

/** Everything that a person who confirms a plan agrees to. */
export interface PlanContent {
  readonly project: string;
  readonly resourceID: string;
  readonly kind: string;
  readonly provider: string;
  readonly version: string;
  readonly sha256: string;
  readonly type: string;
  readonly action: string;
  readonly replacePaths: readonly (readonly (string | number)[])[];
  readonly config: Value;
  readonly prior: Value;
  readonly planned: Value;
}

/**
 * Hash of a plan's content: equal plans, equal digests, whatever the order of keys. SHA-256 keyed with a salt of the
 * operation: the digest is shown to callers, and without the salt a short secret in the plan could be guessed from it.
 *
 * @returns 64 hexadecimal digits
 */
export function planDigest(content: PlanContent, salt: string): string {
  const { config, prior, planned, ...rest } = content;
  const text = JSON.stringify([sorted(rest), canonicalValue(config), canonicalValue(prior), canonicalValue(planned)]);
  return createHmac('sha256', salt).update(text).digest('hex');
}

/** Hash of one value, keyed in the same way. */
export function valueDigest(value: Value, salt: string): string {
  return createHmac('sha256', salt)
    .update(JSON.stringify(canonicalValue(value)))
    .digest('hex');
}

function sorted(object: object): unknown[] {
  return Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Each kind of value in a form of its own, so that `"1"`, `1` and an unknown never look alike. */
function canonicalValue(value: Value): Json {
  if (value instanceof Unknown) {
    return { unknown: value.refinement === undefined ? '' : Buffer.from(value.refinement).toString('base64') };
  }
  if (value instanceof CtyNumber) return { number: value.toString() };
  if (isDynamic(value)) return { type: JSON.stringify(typeToJson(value.type)), value: canonicalValue(value.value) };
  if (isValueList(value)) return value.map(canonicalValue);
  if (!isValueMap(value)) return value;
  const entries = [...value].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { map: entries.map(([key, inner]) => [key, canonicalValue(inner)]) };
}
