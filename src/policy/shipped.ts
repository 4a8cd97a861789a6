import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { invariant } from '../shared/errors.ts';
import type { CompiledPolicy, PolicyDialect } from './policy-compiler.ts';

/** What a shipped policy decides about: the first word of its name. */
export type ShippedType = 'INTENT' | 'LOGIN';

/** One line of the manifest that `scripts/build-policies.ts` writes beside the Wasm files. */
export interface ShippedEntry {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly type: ShippedType;
  readonly engine: PolicyDialect;
  readonly sourceSha256: string;
  readonly wasmSha256: string;
  readonly rules: readonly string[];
}

/** A policy that comes with the product: readable, and usable without a compiler. */
export interface ShippedPolicy {
  readonly name: string;
  readonly type: ShippedType;
  readonly engine: PolicyDialect;
  /** The Rego text. */
  readonly body: string;
  readonly compiled: CompiledPolicy;
}

const sourceFolder = new URL('../../policies/', import.meta.url);
const builtFolder = new URL('../../generated/policies/', import.meta.url);

/**
 * The policies that are shipped, sorted by name. Read from disk and checked against the manifest: a policy whose text
 * and Wasm do not belong together would show one thing and decide another.
 */
export function shippedPolicies(): ShippedPolicy[] {
  return readManifest().map(readPolicy);
}

function readPolicy(entry: ShippedEntry): ShippedPolicy {
  const { name, type, engine, rules, title, description, wasmSha256 } = entry;
  const body = readFileSync(new URL(`${name}.rego`, sourceFolder), 'utf8');
  const wasm = Uint8Array.from(readFileSync(new URL(`${name}.wasm`, builtFolder)));
  invariant(sha256Of(body) === entry.sourceSha256, `policies/${name}.rego changed after it was built`);
  invariant(sha256Of(wasm) === wasmSha256, `generated/policies/${name}.wasm is not what was built`);
  return { name, type, engine, body, compiled: { wasm, sha256: wasmSha256, rules, title, description } };
}

export function readManifest(): ShippedEntry[] {
  const text = readFileSync(new URL('manifest.json', builtFolder), 'utf8');
  const { policies } = JSON.parse(text) as { policies: ShippedEntry[] }; // written by our own script, checked for drift
  return policies;
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
