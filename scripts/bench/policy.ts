// How long one policy decision takes: inside a worker, with the hop to a worker thread, and by asking an OPA server over
// keep-alive HTTP. All three in one process and one run, in the order A-B-C-C-B-A, equal answers checked before counting.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type CompiledPolicy, createPolicyCompiler, findOpa, startPolicyEngine } from '../../src/policy/index.ts';
import { createEvaluator } from '../../src/policy/worker/evaluator.ts';
import type { Json } from '../../src/shared/json.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { comparableResult } from '../../src/testing/comparable-result.ts';

export interface BenchRow {
  readonly workload: string;
  readonly subject: string;
  readonly p50Us: number;
  readonly p99Us: number;
  /** p50 against the server's. */
  readonly share: string;
}

export interface BenchTable {
  readonly name: string;
  readonly rows: readonly BenchRow[];
  /** Why there are no rows. */
  readonly notRun?: string;
}

type Decide = (input: Json) => Promise<Json> | Json;

interface Subject {
  readonly name: string;
  readonly decide: Decide;
  readonly timesUs: number[];
}

const ROUNDS = 6; // each there and back
const CALLS_PER_TURN = 400;
const WARM_UP_CALLS = 500;
const LARGE_RULES = 1_000;

const rbacPolicy = `package spacelift

grants := {
	"admin": {"read", "write", "delete", "share"},
	"writer": {"read", "write"},
	"reader": {"read"},
}

members := {
	"ana": {"admin"},
	"ben": {"writer", "reader"},
	"eve": {"reader"},
}

allow contains sprintf("%s may %s", [input.user, input.action]) if {
	some role in members[input.user]
	input.action in grants[role]
}

deny contains sprintf("%s may not %s", [input.user, input.action]) if count(allow) == 0
`;

function largePolicy(): string {
  const rules = Array.from(
    { length: LARGE_RULES },
    (_none, at) => `allow contains "rule ${at}" if {\n\tinput.user == "user-${at}"\n\tinput.action == "read"\n}\n`,
  );
  return `package spacelift\n\n${rules.join('\n')}`;
}

function smallInput(at: number): Json {
  const user = ['ana', 'ben', 'eve', 'nobody'][at % 4] ?? '';
  const action = ['read', 'write', 'delete'][at % 3] ?? '';
  return { user, action, object: { id: `object-${at}`, labels: ['a', 'b'] } };
}

function largeInput(at: number): Json {
  return { user: `user-${(at * 7) % LARGE_RULES}`, action: 'read', object: { id: `object-${at}` } };
}

/** Decision times of Sluice against `opa run -s`. Without `opa` it says so and has no rows. */
export async function measurePolicy(): Promise<BenchTable> {
  const { SLUICE_OPA: setting, PATH: path, GOBIN: gobin, GOPATH: gopath } = process.env;
  const opaPath = findOpa({ setting, path, gobin, gopath });
  const name = 'Policy decisions';
  if (opaPath === undefined) return { name, rows: [], notRun: 'needs opa' };
  const small = await measureWorkload(opaPath, 'RBAC, 3 roles', rbacPolicy, smallInput);
  const large = await measureWorkload(opaPath, `${LARGE_RULES} rules`, largePolicy(), largeInput);
  return { name, rows: [...small, ...large] };
}

async function measureWorkload(
  opaPath: string,
  workload: string,
  body: string,
  inputOf: (at: number) => Json,
): Promise<BenchRow[]> {
  const compiler = createPolicyCompiler({ opaPath, timeoutMs: 60_000, logger: silentLogger });
  const policy = await compiler.compile({ body, engine: 'REGO_V1' });
  const engine = startPolicyEngine({ workers: 1, timeoutMs: 5_000, memoryMb: 64, logger: silentLogger });
  const server = await startServer(opaPath, body);
  try {
    const subjects: Subject[] = [
      { name: 'inside a worker', decide: insideWorker(policy), timesUs: [] },
      { name: 'with the hop to a worker', decide: (input) => engine.evaluate(policy, input), timesUs: [] },
      { name: 'OPA server, keep-alive HTTP', decide: server.decide, timesUs: [] },
    ];
    await checkEqual(subjects, inputOf);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const subject of [...subjects, ...subjects.toReversed()]) await takeTurn(subject, inputOf);
    }
    return rowsOf(workload, subjects);
  } finally {
    await Promise.all([engine.close(), server.stop()]);
  }
}

/** The code that runs in a worker thread, called in this one. */
function insideWorker({ sha256, wasm }: CompiledPolicy): Decide {
  const evaluate = createEvaluator({ memoryMb: 64, maxResultBytes: 1_000_000, maxModules: 4 });
  return (input) => {
    const asked = { sha256, input: JSON.stringify(input) };
    const first = evaluate(asked);
    const answer = first.kind === 'missing' ? evaluate({ ...asked, wasm }) : first;
    if (answer.kind !== 'result') throw new Error(`no result: ${JSON.stringify(answer)}`);
    return JSON.parse(answer.json) as Json; // made by JSON.stringify in the evaluator
  };
}

async function startServer(opaPath: string, body: string): Promise<{ decide: Decide; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  writeFileSync(join(folder, 'policy.rego'), body);
  const port = await freePort();
  const args = [
    'run',
    '-s',
    '--addr',
    `127.0.0.1:${port}`,
    '--log-level',
    'error',
    '--disable-telemetry',
    'policy.rego',
  ];
  const child = spawn(opaPath, args, { cwd: folder, stdio: 'ignore', env: { HOME: folder } });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const decide = (input: Json) => ask(agent, port, input);
  for (let tries = 0; tries < 100 && !(await answers(decide)); tries += 1) await sleep(50);
  return {
    decide,
    stop: async () => {
      agent.destroy();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function answers(decide: Decide): Promise<boolean> {
  try {
    await decide({});
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function ask(agent: Agent, port: number, input: Json): Promise<Json> {
  const body = JSON.stringify({ input });
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const options = { agent, host: '127.0.0.1', port, path: '/v1/data/spacelift', method: 'POST', headers };
    const sent = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve((JSON.parse(Buffer.concat(chunks).toString()) as { result: Json }).result));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function checkEqual(subjects: readonly Subject[], inputOf: (at: number) => Json): Promise<void> {
  for (let at = 0; at < WARM_UP_CALLS; at += 1) {
    const results: string[] = [];
    for (const { decide } of subjects) results.push(comparableResult(await decide(inputOf(at))));
    if (new Set(results).size !== 1) throw new Error(`the answers differ for ${JSON.stringify(inputOf(at))}`);
  }
}

async function takeTurn({ decide, timesUs }: Subject, inputOf: (at: number) => Json): Promise<void> {
  for (let at = 0; at < CALLS_PER_TURN; at += 1) {
    const startedMs = performance.now();
    await decide(inputOf(at));
    timesUs.push((performance.now() - startedMs) * 1000);
  }
}

function rowsOf(workload: string, subjects: readonly Subject[]): BenchRow[] {
  const server = quantile(subjects.at(-1)?.timesUs ?? [], 0.5);
  return subjects.map(({ name: subject, timesUs }) => {
    const [p50Us, p99Us] = [quantile(timesUs, 0.5), quantile(timesUs, 0.99)];
    return { workload, subject, p50Us, p99Us, share: `1/${(server / p50Us).toFixed(1)}` };
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
}

if (import.meta.main) {
  const { name, rows, notRun } = await measurePolicy();
  console.log(name, notRun === undefined ? '' : `not run: ${notRun}`);
  console.table(rows);
}
