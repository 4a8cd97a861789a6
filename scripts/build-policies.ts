// Compiles policies/*.rego into generated/policies: one Wasm file each and a manifest. `--check` compares checksums and
// needs no compiler; `--force` rebuilds what did not change, for a new version of the compiler.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { createPolicyCompiler, findOpa, type PolicyCompiler } from '../src/policy/index.ts';
import { readManifest, sha256Of, type ShippedEntry, type ShippedType } from '../src/policy/shipped.ts';
import { silentLogger } from '../src/shared/logger.ts';

const sourceFolder = fileURLToPath(new URL('../policies/', import.meta.url));
const builtFolder = fileURLToPath(new URL('../generated/policies/', import.meta.url));
const COMPILE_TIMEOUT_MS = 60_000;

function policyNames(): string[] {
  return readdirSync(sourceFolder)
    .filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'))
    .map((file) => file.slice(0, -'.rego'.length))
    .toSorted();
}

function previousEntries(): ShippedEntry[] {
  return existsSync(`${builtFolder}manifest.json`) ? readManifest() : [];
}

/** What is wrong with the built files, one line each. */
function findDrift(): string[] {
  const entries = new Map(previousEntries().map((entry) => [entry.name, entry]));
  const names = policyNames();
  const stale = names.filter((name) => !isFresh(name, entries.get(name)));
  const left = readdirSync(builtFolder)
    .filter((file) => file.endsWith('.wasm'))
    .filter((file) => !names.includes(file.slice(0, -'.wasm'.length)));
  const gone = [...entries.keys()].filter((name) => !names.includes(name));
  return [
    ...stale.map((name) => `generated/policies/${name}.wasm is not built from policies/${name}.rego`),
    ...left.map((file) => `generated/policies/${file} has no source`),
    ...gone.map((name) => `generated/policies/manifest.json names ${name}, which has no source`),
  ];
}

function isFresh(name: string, entry: ShippedEntry | undefined): boolean {
  const wasmPath = `${builtFolder}${name}.wasm`;
  if (entry === undefined || !existsSync(wasmPath)) return false;
  const source = readFileSync(`${sourceFolder}${name}.rego`, 'utf8');
  return sha256Of(source) === entry.sourceSha256 && sha256Of(readFileSync(wasmPath)) === entry.wasmSha256;
}

async function buildPolicy(compiler: PolicyCompiler, name: string): Promise<ShippedEntry> {
  const body = readFileSync(`${sourceFolder}${name}.rego`, 'utf8');
  const { wasm, sha256, rules, title, description } = await compiler.compile({ body, engine: 'REGO_V1' });
  if (title === '' || description === '')
    throw new Error(`policies/${name}.rego: METADATA needs title and description`);
  writeFileSync(`${builtFolder}${name}.wasm`, wasm);
  const checksums = { sourceSha256: sha256Of(body), wasmSha256: sha256 };
  return { name, title, description, type: typeOf(name), engine: 'REGO_V1', ...checksums, rules };
}

function typeOf(name: string): ShippedType {
  const type = (['INTENT', 'LOGIN'] as const).find((each) => name.startsWith(`${each.toLowerCase()}-`));
  if (type === undefined) throw new Error(`policies/${name}.rego: begin the name with intent- or login-`);
  return type;
}

async function build(force: boolean): Promise<void> {
  const { SLUICE_OPA: setting, PATH: path, GOBIN: gobin, GOPATH: gopath } = process.env;
  const opaPath = findOpa({ setting, path, gobin, gopath });
  const compiler = createPolicyCompiler({ opaPath, timeoutMs: COMPILE_TIMEOUT_MS, logger: silentLogger });
  const previous = new Map(previousEntries().map((entry) => [entry.name, entry]));
  mkdirSync(builtFolder, { recursive: true });
  const policies: ShippedEntry[] = [];
  for (const name of policyNames()) {
    const entry = previous.get(name);
    policies.push(!force && entry !== undefined && isFresh(name, entry) ? entry : await buildPolicy(compiler, name));
  }
  for (const file of readdirSync(builtFolder).filter((file) => file.endsWith('.wasm'))) {
    if (!policies.some(({ name }) => file === `${name}.wasm`)) rmSync(`${builtFolder}${file}`);
  }
  const stamp = 'Made by scripts/build-policies.ts from policies/*.rego. Do not edit.';
  writeFileSync(`${builtFolder}manifest.json`, `${JSON.stringify({ $comment: stamp, policies }, undefined, 2)}\n`);
}

if (process.argv.includes('--check')) {
  const drift = findDrift();
  for (const line of drift) console.error(line);
  if (drift.length > 0) console.error('run: node scripts/build-policies.ts');
  process.exitCode = drift.length > 0 ? 1 : 0;
} else {
  await build(process.argv.includes('--force'));
}
