import { createHash } from 'node:crypto';

import type { Builtin } from './builtin.ts';
import { regoToJson } from './rego-value.ts';

const KEPT_BYTES = 8;

/** `sanitized(x)`: a fingerprint of a secret, short enough to read and one way; values other than strings by their JSON. */
const sanitized: Builtin = (value = null) => {
  const text = typeof value === 'string' ? value : regoToJson(value);
  return createHash('sha256').update(text).digest().subarray(-KEPT_BYTES).toString('hex');
};

export const sanitizedBuiltins = { sanitized };
