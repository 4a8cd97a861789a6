import type { Builtin } from './builtin.ts';
import { sanitizedBuiltins } from './sanitized.ts';
import { stringBuiltins } from './strings.ts';

/** Every builtin that a Wasm policy asks of its host, by its Rego name. What is absent here cannot be compiled. */
export const hostBuiltins: Readonly<Record<string, Builtin>> = Object.freeze({
  ...sanitizedBuiltins,
  ...stringBuiltins,
});
