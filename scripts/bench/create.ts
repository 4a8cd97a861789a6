// A create as a caller sees it, over HTTP with everything that belongs to it, against `terraform apply` of the same
// resource with the same provider program. Pairs are interleaved, so that a noisy minute meets both.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { buildGoProvider, fixtureAddress } from '../../src/testing/go-provider.ts';
import { startTestPostgres } from '../../src/testing/postgres.ts';
import { startTestServer, type TestServer } from '../../src/testing/server.ts';
import { terraformFolder } from '../../src/testing/terraform.ts';
import { findTool } from '../../src/testing/tools.ts';
import { treeMb } from './process-tree.ts';

const WARM_PAIRS = 15;
const COLD_PAIRS = 5;
const LARGE_TYPES = 1_500; // beside the one that is created
const IDLE_MS = 500; // after which the server of the cold runs has no provider process

export interface Bench {
  readonly folder: string;
  readonly program: string;
  /** Makes an empty database for a server; the embedded one when absent. */
  readonly database?: () => Promise<string>;
  count: number;
}

export async function measureCreate(): Promise<object[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-create-'));
  try {
    const program = await buildGoProvider();
    const small: Bench = { folder: join(folder, 'small'), program: wrap(folder, 'small', program, 0), count: 0 };
    const large: Bench = {
      folder: join(folder, 'large'),
      program: wrap(folder, 'large', program, LARGE_TYPES),
      count: 0,
    };
    return [
      ...(await measureTimes(small, 'small provider', [20, 5])),
      ...(await measureOnPostgres(folder, program)),
      ...(await measureTimes(large, `provider of ${LARGE_TYPES + 1} types`, [200, 8])),
      await measureMemory(large),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same on PostgreSQL as it comes: it flushes its log at each commit. */
async function measureOnPostgres(folder: string, program: string): Promise<object[]> {
  if (findTool('postgres') === undefined) return [];
  const postgres = await startTestPostgres();
  try {
    const database = () => postgres.createDatabase();
    const bench = { folder: join(folder, 'pg'), program: wrap(folder, 'pg', program, 0), count: 0, database };
    return await measureTimes(bench, 'small provider on PostgreSQL', [20, 5]);
  } finally {
    await postgres.stop();
  }
}

// Neither side hands its own environment to a provider, so the provider's settings are in the program that is started.
export function wrap(folder: string, name: string, program: string, types: number): string {
  const home = join(folder, name);
  const cloud = join(home, 'cloud');
  const script = `#!/bin/sh\nexport FIXTURE_DIR=${cloud} FIXTURE_TYPES=${types}\nexec ${program}\n`;
  mkdirSync(cloud, { recursive: true });
  const path = join(home, 'terraform-provider-fixture');
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

async function measureTimes(bench: Bench, subject: string, [warmAim, coldAim]: [number, number]): Promise<object[]> {
  const warm = await withServer(bench, 600_000, async (server) => {
    for (let round = 0; round < 5; round += 1) await create(server, bench);
    return pairs(WARM_PAIRS, bench, server, () => Promise.resolve());
  });
  const cold = await withServer(bench, IDLE_MS, async (server) => {
    await create(server, bench); // the schema is stored from now on, as it is after a provider's first use
    return pairs(COLD_PAIRS, bench, server, () => pause(IDLE_MS * 3));
  });
  return [row(`${subject}, warm`, warm, warmAim), row(`${subject}, cold`, cold, coldAim)];
}

interface Pairs {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

async function pairs(count: number, bench: Bench, server: TestServer, before: () => Promise<void>): Promise<Pairs> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let pair = 0; pair < count; pair += 1) {
    const ask = async (): Promise<void> => {
      await before();
      ours.push(await timed(() => create(server, bench)));
    };
    const apply = async (): Promise<void> => {
      theirs.push(await timed(() => applyWithTerraform(bench)));
    };
    await (pair % 2 === 0 ? ask().then(apply) : apply().then(ask)); // A-B-B-A
  }
  return { ours, theirs };
}

function row(subject: string, { ours, theirs }: Pairs, aim: number): object {
  return {
    subject,
    sluice: median(ours),
    terraform: median(theirs),
    unit: 'ms',
    ratio: `1/${(median(theirs) / median(ours)).toFixed(1)}`,
    aim: `1/${aim}`,
    'sluice range': [Math.min(...ours), Math.max(...ours)],
  };
}

export async function withServer<T>(
  bench: Bench,
  idleMs: number,
  work: (server: TestServer) => Promise<T>,
): Promise<T> {
  const database = await bench.database?.();
  const server = await startTestServer({
    settings: {
      ...(database === undefined ? {} : { DATABASE_URL: database }),
      SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${bench.program}`,
      SLUICE_PROVIDER_ALLOW: fixtureAddress,
      SLUICE_PROVIDER_FOLDERS: dirname(bench.program),
      SLUICE_PROVIDER_IDLE_MS: String(idleMs),
    },
  });
  try {
    await prepare(server);
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** A project with a policy, as real ones have. */
async function prepare(server: TestServer): Promise<void> {
  await ask(server, 'mutation { intentProjectCreate(name: "Bench") { id } }');
  const body = 'package spacelift\n\nallow contains "bench" if input.resource.operation == "create"\n';
  const made = await ask(server, 'mutation($body: String!) { intentPolicyCreate(name: "Bench", body: $body) { id } }', {
    body,
  });
  const id = /"id":"([^"]+)"/.exec(JSON.stringify(made))?.[1] ?? '';
  await ask(server, 'mutation($id: ID!) { policyIntentProjectAttach(id: $id, intentProject: "bench") { id } }', { id });
}

async function create(server: TestServer, bench: Bench): Promise<void> {
  bench.count += 1;
  await createNamed(server, `o${bench.count}`);
}

export async function createNamed(server: TestServer, name: string): Promise<void> {
  const document = `mutation($id: ID!, $config: JSON!) { intentResourceCreate(intentProject: "bench", resourceID: $id,
    provider: "${fixtureAddress}", type: "fixture_object", config: $config) { status state } }`;
  const answer = JSON.stringify(await ask(server, document, { id: name, config: { name } }));
  if (!answer.includes('FINISHED')) throw new Error(`not created: ${answer}`);
}

export async function ask(server: TestServer, document: string, variables = {}): Promise<unknown> {
  const { data, errors } = await server.graphql(document, variables);
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  return data;
}

function applyWithTerraform(bench: Bench): Promise<void> {
  const { apply } = terraformRun(bench);
  apply();
  return Promise.resolve();
}

function terraformRun(bench: Bench) {
  bench.count += 1;
  const name = `o${bench.count}`;
  const path = join(bench.folder, 'terraform', name);
  const folder = terraformFolder(path, { [fixtureAddress]: join(bench.program, '..') });
  folder.write(`resource "fixture_object" "it" {\n  name = "${name}"\n}\n`);
  return { path, apply: () => folder.run(['apply', '-auto-approve', '-input=false', '-no-color']) };
}

/** What the large provider adds to the memory of our processes, against the most that terraform's take. */
async function measureMemory(bench: Bench): Promise<object> {
  const added = await withServer(bench, 600_000, async (server) => {
    await pause(2_000);
    const before = treeMb(server.process.pid);
    for (let round = 0; round < 5; round += 1) await create(server, bench);
    return treeMb(server.process.pid) - before;
  });
  const peak = await terraformPeakMb(bench);
  return {
    subject: 'memory added by the large provider',
    sluice: added,
    terraform: peak,
    unit: 'MB',
    ratio: `1/${(peak / added).toFixed(1)}`,
    aim: '1/4',
  };
}

async function terraformPeakMb(bench: Bench): Promise<number> {
  const { path } = terraformRun(bench);
  const child = spawn('terraform', ['apply', '-auto-approve', '-input=false', '-no-color'], {
    cwd: path,
    env: { ...process.env, TF_CLI_CONFIG_FILE: join(path, 'terraform.rc'), CHECKPOINT_DISABLE: '1' },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, treeMb(child.pid));
    await pause(20);
  }
  await ended;
  return peak;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
