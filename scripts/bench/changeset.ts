// Many resources in one change set, over HTTP with everything that belongs to it, against one `terraform apply` of the
// same resources with the same provider program. Half of them stand alone, half refer to one of the others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { startTestServer, type TestServer } from '../../src/testing/server.ts';
import { terraformFolder } from '../../src/testing/terraform.ts';
import { buildTimeProvider } from '../../src/testing/go-provider.ts';
import { treeMb } from './process-tree.ts';

export const address = 'hashicorp/time';
const SIZES = [100, 1_000];
const ROUNDS = 1;
const SAMPLE_MS = 50;

export interface Taken {
  readonly ms: number;
  /** The most that the processes took; of ours, what they took more than before. */
  readonly mb: number;
}

export async function measureChangeSet(): Promise<object[]> {
  const program = await buildTimeProvider();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-changeset-'));
  const server = await startTestServer({ settings: { SLUICE_PROVIDER_OVERRIDES: `${address}=${dirname(program)}` } });
  try {
    await ask(server, 'mutation { intentProjectCreate(name: "Warm") { id } }');
    await applySet(server, 'warm', 2);
    const rows: object[] = [];
    for (const size of SIZES) rows.push(await compare(server, folder, dirname(program), size));
    return rows;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare(server: TestServer, folder: string, providers: string, size: number): Promise<object> {
  const ours: Taken[] = [];
  const theirs: Taken[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `n${size}-${round}`;
    const set = async (): Promise<void> => {
      await ask(server, 'mutation($name: String!) { intentProjectCreate(name: $name) { id } }', { name });
      const before = treeMb(server.process.pid);
      const taken = await sampled(server.process.pid, () => applySet(server, name, size));
      ours.push({ ms: taken.ms, mb: taken.mb - before });
    };
    const apply = async (): Promise<void> => {
      theirs.push(await applyWithTerraform(join(folder, name), providers, size));
    };
    await (round % 2 === 0 ? set().then(apply) : apply().then(set)); // A-B-B-A
  }
  const [sluice, terraform] = [median(ours.map(({ ms }) => ms)), median(theirs.map(({ ms }) => ms))];
  return {
    subject: `${size} resources`,
    sluice,
    terraform,
    unit: 'ms',
    ratio: `1/${(terraform / sluice).toFixed(1)}`,
    aim: '1/2',
    'sluice MB': median(ours.map(({ mb }) => mb)),
    'terraform MB': median(theirs.map(({ mb }) => mb)),
  };
}

export const PLAN = `mutation($project: ID!, $changes: [IntentChangeInput!]!) {
  intentChangeSetCreate(intentProject: $project, changes: $changes) { id status } }`;
const APPLY = `mutation($project: ID!, $id: ID!) { intentChangeSetApply(intentProject: $project, id: $id) { id status } }`;
const FIND = `query($project: ID!, $id: ID!) { intentChangeSet(intentProject: $project, id: $id) { id status failure } }`;

export async function applySet(server: TestServer, project: string, size: number): Promise<void> {
  const begun = performance.now();
  const planned = await ask(server, PLAN, { project, changes: changesOf(size) });
  const { id } = await until(server, project, planned, 'PLANNED');
  const between = performance.now();
  const applied = await ask(server, APPLY, { project, id });
  await until(server, project, applied, 'FINISHED');
  const ended = performance.now();
  console.log(`  ${size}: plan ${Math.round(between - begun)} ms, apply ${Math.round(ended - between)} ms`);
}

export function changesOf(size: number): object[] {
  const base = { kind: 'CREATE', provider: address };
  return Array.from({ length: size / 2 }, (_, at) => [
    {
      ...base,
      resourceID: `o${at}`,
      type: 'time_offset',
      config: { base_rfc3339: `\${s${at}.rfc3339}`, offset_days: 1 },
    },
    { ...base, resourceID: `s${at}`, type: 'time_static', config: {} },
  ]).flat();
}

export function configurationOf(size: number): string {
  const blocks = Array.from({ length: size / 2 }, (_, at) => {
    const offset = `  base_rfc3339 = time_static.s${at}.rfc3339\n  offset_days  = 1\n`;
    return `resource "time_static" "s${at}" {}\n\nresource "time_offset" "o${at}" {\n${offset}}\n`;
  });
  return blocks.join('\n');
}

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly failure?: string;
}

/** A request is answered after 50 seconds at the latest; then it is asked for. */
export async function until(server: TestServer, project: string, first: Answer, status: string): Promise<Answer> {
  let set = first;
  while (set.status === 'PLANNING' || set.status === 'APPLYING') {
    await pause(SAMPLE_MS);
    set = await ask(server, FIND, { project, id: set.id });
  }
  if (set.status !== status) throw new Error(`the change set is ${set.status}: ${set.failure ?? ''}`);
  return set;
}

export async function ask(server: TestServer, document: string, variables = {}): Promise<Answer> {
  const { data, errors } = await server.graphql(document, variables);
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  const [answer] = Object.values(data as Record<string, Answer>);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}

async function applyWithTerraform(path: string, providers: string, size: number): Promise<Taken> {
  const folder = terraformFolder(path, { [address]: providers });
  folder.write(configurationOf(size));
  return terraform(path, ['apply', '-auto-approve']);
}

/** Runs terraform in a folder and watches it. */
export async function terraform(path: string, args: readonly string[]): Promise<Taken> {
  const child = spawn('terraform', [...args, '-input=false', '-no-color'], {
    cwd: path,
    env: { ...process.env, TF_CLI_CONFIG_FILE: join(path, 'terraform.rc'), CHECKPOINT_DISABLE: '1' },
    stdio: 'ignore',
  });
  return sampled(child.pid, async () => {
    await once(child, 'exit');
    if (child.exitCode !== 0) throw new Error(`terraform ended with ${child.exitCode}`);
  });
}

export async function sampled(pid: number | undefined, work: () => Promise<void>): Promise<Taken> {
  let mb = 0;
  const timer = setInterval(() => {
    mb = Math.max(mb, treeMb(pid));
  }, SAMPLE_MS);
  const begun = performance.now();
  try {
    await work();
    return { ms: performance.now() - begun, mb: Math.max(mb, treeMb(pid)) };
  } finally {
    clearInterval(timer);
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
