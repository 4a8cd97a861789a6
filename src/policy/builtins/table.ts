import type { Builtin } from './builtin.ts';
import { castBuiltins } from './casts.ts';
import { cryptoBuiltins } from './crypto.ts';
import { encodingBuiltins } from './encoding.ts';
import { graphBuiltins } from './graph.ts';
import { jsonBuiltins } from './json.ts';
import { jsonPatchBuiltins } from './json-patch.ts';
import { jwtBuiltins } from './jwt.ts';
import { netBuiltins } from './net.ts';
import { numberBuiltins } from './numbers.ts';
import { objectBuiltins } from './object-subset.ts';
import { regexBuiltins } from './regex.ts';
import { sanitizedBuiltins } from './sanitized.ts';
import { semverBuiltins } from './semver.ts';
import { stringBuiltins } from './strings.ts';
import { timeBuiltins } from './time.ts';
import { unitBuiltins } from './units.ts';
import { uriBuiltins } from './uri.ts';
import { uuidBuiltins } from './uuid.ts';
import { yamlBuiltins } from './yaml.ts';

/** Every builtin that a Wasm policy asks of its host, by its Rego name. What is absent here cannot be compiled. */
export const hostBuiltins: Readonly<Record<string, Builtin>> = Object.freeze({
  ...castBuiltins,
  ...cryptoBuiltins,
  ...encodingBuiltins,
  ...graphBuiltins,
  ...jsonBuiltins,
  ...jsonPatchBuiltins,
  ...jwtBuiltins,
  ...netBuiltins,
  ...numberBuiltins,
  ...objectBuiltins,
  ...regexBuiltins,
  ...sanitizedBuiltins,
  ...semverBuiltins,
  ...stringBuiltins,
  ...timeBuiltins,
  ...unitBuiltins,
  ...uriBuiltins,
  ...uuidBuiltins,
  ...yamlBuiltins,
});
