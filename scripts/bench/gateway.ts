// Server CPU for each correct reply: our gateway, with every field checked, against servers that check nothing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { type LoadResult, sendLoad, type Shot } from './gateway/load.ts';
import type { EnforcementCost } from './gateway/compare-pairs.ts';
import { measureEnforcement } from './gateway/enforcement.ts';
import { type ServerProcess, startServer } from './gateway/server-process.ts';
import { bigDocument, smallDocument } from './gateway/stacks.ts';
import { makeKeys, makeTokens } from './gateway/tokens.ts';
import { serverFlags } from '../server-flags.mjs';

/** One measured figure. `value` is in microseconds of CPU for a reply, unless the unit says otherwise. */
export interface BenchRow {
  readonly workload: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: 'us/reply' | 'ratio' | '%';
  /** Smallest and largest of the measurements behind a median. */
  readonly range: readonly [number, number] | undefined;
  readonly note: string;
}

interface Workload {
  readonly name: string;
  readonly requests: number;
  readonly shot: () => Omit<Shot, 'token'>;
}

const ROUNDS = 3; // A-B-C-C-B-A each: six measurements a server
const WARM_UP = 0.5; // of the requests of one measurement

const workloads: readonly Workload[] = [
  { name: 'BIG', requests: 1_500, shot: bigShot },
  { name: 'SMALL', requests: 6_000, shot: smallShot },
];

function bigShot(): Omit<Shot, 'token'> {
  const first = 1 + Math.floor(Math.random() * 50);
  return { key: `big ${first}`, body: JSON.stringify({ query: bigDocument, variables: { first } }) };
}

function smallShot(): Omit<Shot, 'token'> {
  const id = `network-${Math.floor(Math.random() * 50)}`;
  return { key: `small ${id}`, body: JSON.stringify({ query: smallDocument, variables: { id } }) };
}

/** Measures everything; a minute or two. */
export async function measureGateway(): Promise<BenchRow[]> {
  requirePeers();
  const keys = makeKeys();
  const tokens = makeTokens(keys);
  const pem = String(keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const servers = await startServers(pem);
  try {
    const rows: BenchRow[] = [];
    for (const workload of workloads) rows.push(...(await compare(servers, workload, tokens)));
    return [...rows, ...enforcementRows(await measureEnforcement())];
  } finally {
    for (const server of servers) server.stop();
  }
}

/** The servers to compare with are no dependency of the project; they are fetched when they are first needed. */
function requirePeers(): void {
  const folder = import.meta.dirname;
  if (existsSync(join(folder, 'node_modules/graphql-yoga'))) return;
  const options = { cwd: folder, stdio: 'inherit' } as const;
  const { status } = spawnSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], options);
  if (status !== 0) throw new Error('npm could not install the servers to compare with; its messages are above');
}

async function startServers(pem: string): Promise<ServerProcess[]> {
  const port = String(20_000 + Math.floor(Math.random() * 20_000));
  return [
    await startServer(
      'sluice',
      'sluice-server.ts',
      { BENCH_KEY: pem, BENCH_PORT: port, BENCH_HOST: `127.0.0.1:${port}` },
      serverFlags,
    ),
    await startServer('yoga', 'yoga-server.mjs', {}),
    await startServer('mercurius-jit', 'mercurius-server.mjs', {}),
  ];
}

async function compare(
  servers: readonly ServerProcess[],
  workload: Workload,
  tokens: readonly string[],
): Promise<BenchRow[]> {
  const replies = new Map<string, string>();
  const next = (): Shot => ({ ...workload.shot(), token: tokens[Math.floor(Math.random() * tokens.length)] ?? '' });
  const costs = new Map(servers.map(({ name }) => [name, [] as number[]]));
  for (const server of servers) await sendLoad(server.port, workload.requests * WARM_UP, next, replies);
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of [...servers, ...servers.toReversed()]) {
      costs.get(server.name)?.push(await measure(server, workload, next, replies));
    }
  }
  return [...costs].flatMap(([name, values]) => costRows(workload.name, name, values, costs.get('sluice') ?? []));
}

async function measure(server: ServerProcess, { requests }: Workload, next: () => Shot, replies: Map<string, string>) {
  const before = server.cpuMicroseconds();
  const result = await sendLoad(server.port, requests, next, replies);
  refuseWrong(server, result);
  return (server.cpuMicroseconds() - before) / result.correct;
}

function refuseWrong({ name }: ServerProcess, { wrong, correct }: LoadResult): void {
  if (wrong > 0)
    throw new Error(`${name} gave ${wrong} wrong replies of ${wrong + correct}: there is nothing to compare`);
}

function costRows(workload: string, subject: string, values: readonly number[], ours: readonly number[]): BenchRow[] {
  const range = [Math.min(...values), Math.max(...values)] as const;
  const cost: BenchRow = {
    workload,
    subject,
    value: median(values),
    unit: 'us/reply',
    range,
    note: 'server CPU for each correct reply',
  };
  if (subject === 'sluice') return [cost];
  const ratios = values.map((value, at) => (ours[at] ?? Number.NaN) / value);
  const spread = [Math.min(...ratios), Math.max(...ratios)] as const;
  return [
    cost,
    {
      workload,
      subject: `sluice / ${subject}`,
      value: median(ratios),
      unit: 'ratio',
      range: spread,
      note: 'median of pairs',
    },
  ];
}

function enforcementRows(costs: readonly EnforcementCost[]): BenchRow[] {
  return costs.map(({ subject, percent, upperPercent, pairs }) => ({
    workload: 'RULES ON / OFF, BIG',
    subject,
    value: percent,
    unit: '%',
    range: [percent, upperPercent],
    note: `median and upper 95 % bound of ${pairs} pairs, no HTTP`,
  }));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

if (import.meta.main) {
  for (const { workload, subject, value, unit, range } of await measureGateway()) {
    const spread = range === undefined ? '' : ` (${range.map((each) => each.toFixed(2)).join(' to ')})`;
    console.log(`${workload.padEnd(20)} ${subject.padEnd(24)} ${value.toFixed(2)} ${unit}${spread}`);
  }
}
