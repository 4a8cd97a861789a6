import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AppError, invariant } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import type { Logger } from '../shared/logger.ts';
import { allowedCapabilities } from './capabilities.ts';
import { compileError, readOpaErrors } from './opa-errors.ts';
import { indexRules, sameRules } from './index-rules.ts';
import { limitConcurrency } from './limit-concurrency.ts';
import { readBundleFile } from './read-bundle.ts';
import { type OpaOutcome, runOpa } from './run-opa.ts';
import { readSyntax } from './syntax.ts';

export type PolicyDialect = 'REGO_V0' | 'REGO_V1';

export interface PolicySource {
  readonly body: string;
  readonly engine: PolicyDialect;
}

export interface CompiledPolicy {
  readonly wasm: Uint8Array;
  /** SHA-256 of `wasm` in hex: the key under which evaluators keep it, and their proof that it is whole. */
  readonly sha256: string;
  /** Names of the package's rules, sorted, functions left out: `['allow', 'deny', 'sample']`. */
  readonly rules: readonly string[];
  /** From the METADATA comment of the package; empty without one. */
  readonly title: string;
  readonly description: string;
}

export interface PolicyCompiler {
  /** Whether the optional tool `opa` is there. Without it `compile` always fails with UNAVAILABLE. */
  readonly available: boolean;
  /** @throws AppError BAD_INPUT with `details.errors`, LIMIT_EXCEEDED, UNAVAILABLE */
  compile(source: PolicySource): Promise<CompiledPolicy>;
}

export interface PolicyCompilerOptions {
  readonly opaPath: string | undefined;
  readonly timeoutMs: number;
  readonly logger: Logger;
}

const MAX_BODY_BYTES = 256 * 1024; // hand-written policies are a few kB; the compiler's memory grows with its input
const MAX_PARALLEL_RUNS = 2;
const SOURCE_FILE = 'policy.rego'; // every file name is ours: nothing of the policy's text reaches the command line
const CAPABILITIES_FILE = 'capabilities.json';
const BUNDLE_FILE = 'bundle.tar.gz';
const CHECK_FILE = 'check.rego';
const INDEX_FOLDER = 'index';
const INDEXED_BUNDLE = 'indexed.tar.gz';
const MIN_INDEXED_RULES = 32;

/** One compilation: where it happens and how the tool is called there. */
interface Job {
  readonly source: PolicySource;
  readonly folder: string;
  readonly opa: (...args: string[]) => Promise<Finished>;
}

type Finished = Extract<OpaOutcome, { kind: 'finished' }>;

/** Compiles Rego to Wasm with the `opa` binary, in a private folder that is gone afterwards. */
export function createPolicyCompiler(options: PolicyCompilerOptions): PolicyCompiler {
  const { opaPath, timeoutMs, logger } = options;
  if (opaPath === undefined) return { available: false, compile: () => Promise.reject(noTool()) };
  const oneOfFew = limitConcurrency(MAX_PARALLEL_RUNS);
  let capabilities: Promise<string> | undefined;

  async function compileIn(folder: string, source: PolicySource): Promise<CompiledPolicy> {
    const opa = async (...args: string[]) =>
      finished(await runOpa({ opaPath: opaPath ?? '', args, folder, timeoutMs }));
    capabilities ??= readCapabilities(opa);
    const allowed = await capabilities.catch((error: unknown) => {
      capabilities = undefined; // a passing failure must not stick
      throw error;
    });
    await writeFile(join(folder, SOURCE_FILE), source.body, { mode: 0o600 });
    await writeFile(join(folder, CAPABILITIES_FILE), allowed, { mode: 0o600 });
    return compilePolicy({ source, folder, opa });
  }

  return {
    available: true,
    async compile(source) {
      checkSize(source.body);
      return oneOfFew(async () => {
        const startedMs = performance.now();
        const folder = await mkdtemp(join(tmpdir(), 'sluice-policy-'));
        try {
          return await compileIn(folder, source);
        } finally {
          await rm(folder, { recursive: true, force: true });
          logger.debug({ durationMs: Math.round(performance.now() - startedMs) }, 'policy compiler ran');
        }
      });
    },
  };
}

async function compilePolicy(job: Job): Promise<CompiledPolicy> {
  const [parsed, built] = await Promise.all([parse(job), build(job)]);
  if (!parsed.ok) throw compileError(readOpaErrors(parsed.stdout, parsed.stderr));
  const syntax = readSyntax(parsed.stdout);
  if (!built.ok) throw await explain(job, built);
  const bundle = (await buildIndexed(job, parsed.stdout)) ?? BUNDLE_FILE;
  const wasm = readBundleFile(await readFile(join(job.folder, bundle)), '/policy.wasm');
  invariant(wasm !== undefined, 'opa build wrote a bundle without policy.wasm');
  return { wasm: Uint8Array.from(wasm), sha256: createHash('sha256').update(wasm).digest('hex'), ...syntax };
}

/**
 * Builds a large policy once more with its rules indexed.
 *
 * @returns the bundle's name; undefined where there is nothing to gain, or where anything at all is odd
 */
async function buildIndexed(job: Job, plainTree: string): Promise<string | undefined> {
  const { folder, opa, source } = job;
  if (countRules(plainTree) < MIN_INDEXED_RULES) return undefined;
  try {
    const located = await opa(
      'parse',
      '--format',
      'json',
      '--json-include',
      'locations',
      ...dialectFlags(source),
      SOURCE_FILE,
    );
    const indexed = located.ok ? indexRules(source, parseJson(located.stdout)) : undefined;
    if (indexed === undefined) return undefined;
    const place = join(folder, INDEX_FOLDER);
    await mkdir(place, { mode: 0o700 });
    for (const [at, text] of indexed.files.entries()) await writeFile(join(place, `${at}.rego`), text, { mode: 0o600 });
    await writeFile(join(folder, CHECK_FILE), indexed.check, { mode: 0o600 });
    const [check, built] = [await parse(job, CHECK_FILE), await build(job, INDEX_FOLDER, INDEXED_BUNDLE)];
    const isSame = check.ok && sameRules(parseJson(check.stdout), parseJson(plainTree));
    return isSame && built.ok ? INDEXED_BUNDLE : undefined;
  } catch {
    return undefined; // the plain one is there
  }
}

function countRules(tree: string): number {
  const parsed = parseJson(tree);
  const rules = isJsonObject(parsed) ? parsed['rules'] : undefined;
  return Array.isArray(rules) ? rules.length : 0;
}

function parse({ opa, source }: Job, file = SOURCE_FILE): Promise<Finished> {
  return opa('parse', '--format', 'json', ...dialectFlags(source), file);
}

function build({ opa, source }: Job, from = SOURCE_FILE, bundle = BUNDLE_FILE): Promise<Finished> {
  const flags = ['--capabilities', CAPABILITIES_FILE, ...dialectFlags(source)];
  return opa('build', '-t', 'wasm', '-e', 'spacelift', ...flags, '-o', bundle, from);
}

/** `opa build` reports in prose; `opa check` finds the same errors and gives their positions as data. */
async function explain({ opa, source }: Job, built: Finished): Promise<AppError> {
  const flags = ['--format', 'json', '--capabilities', CAPABILITIES_FILE, ...dialectFlags(source)];
  const checked = await opa('check', ...flags, SOURCE_FILE);
  return compileError(checked.ok ? readOpaErrors('', built.stderr) : readOpaErrors(checked.stdout, checked.stderr));
}

function dialectFlags({ engine }: PolicySource): string[] {
  return engine === 'REGO_V0' ? ['--v0-compatible'] : [];
}

async function readCapabilities(opa: Job['opa']): Promise<string> {
  const { ok, stdout } = await opa('capabilities', '--current');
  if (!ok) throw unusableTool('it does not print its capabilities');
  return JSON.stringify(allowedCapabilities(parseJson(stdout)));
}

function parseJson(text: string): Json {
  return JSON.parse(text) as Json; // JSON.parse gives JSON values and nothing else
}

function finished(outcome: OpaOutcome): Finished {
  switch (outcome.kind) {
    case 'finished':
      return outcome;
    case 'timeout':
      throw new AppError('UNAVAILABLE', 'policy body: compiling took too long and was stopped; simplify the policy');
    case 'unusable':
      throw unusableTool(outcome.reason);
  }
}

function checkSize(body: string): void {
  const bytes = Buffer.byteLength(body);
  if (bytes <= MAX_BODY_BYTES) return;
  throw new AppError('LIMIT_EXCEEDED', `policy body: ${bytes} bytes; at most ${MAX_BODY_BYTES} are allowed`, {
    details: { field: 'body', limitBytes: MAX_BODY_BYTES },
  });
}

function noTool(): AppError {
  return new AppError(
    'UNAVAILABLE',
    'policies cannot be compiled here: this needs the optional tool `opa` (Open Policy Agent 1.0 or newer). ' +
      'Put it on PATH, or set SLUICE_OPA to its path, and start again. Shipped policies work without it.',
  );
}

function unusableTool(reason: string): AppError {
  return new AppError('UNAVAILABLE', `the tool \`opa\` does not run (${reason}); check SLUICE_OPA and PATH`);
}
