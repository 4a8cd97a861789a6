// What the MCP endpoints cost: tokens of the tool list, and server CPU for a tool call that becomes a GraphQL read,
// against an echo server on the same library.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { encode } from 'gpt-tokenizer/encoding/o200k_base';
import { buildSchema, type GraphQLField } from 'graphql';

import { createToolShelf } from '../../src/mcp/tool-list.ts';
import { generatedTools } from '../../src/testing/mcp-server.ts';
import { type ServerProcess, startServer } from './gateway/server-process.ts';
import { serverFlags } from '../server-flags.mjs';
import { generations, sendCalls, type Generation } from './mcp/load.ts';

/** One measured figure. */
export interface BenchRow {
  readonly workload: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: 'tokens' | 'us/reply' | 'ratio';
  /** Smallest and largest of the measurements behind a median. */
  readonly range: readonly [number, number] | undefined;
  readonly note: string;
}

const root = resolve(import.meta.dirname, '../..');

/** Tokens (o200k_base) of `tools/list` for a client that may write, and of the same API with one tool a root field. */
export function measureTokens(): BenchRow[] {
  const shelf = createToolShelf(generatedTools);
  const writer = new Set(['mcp:write'] as const);
  const schema = buildSchema(readFileSync(join(root, 'generated/schema.graphql'), 'utf8'));
  const fields = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
    Object.values(type?.getFields() ?? {}),
  );
  const row = (subject: string, tools: readonly unknown[]): BenchRow => ({
    workload: 'tools/list',
    subject,
    value: encode(JSON.stringify({ tools })).length,
    unit: 'tokens',
    range: undefined,
    note: `${tools.length} tools`,
  });
  return [
    row('/mcp', shelf.list('MAIN', writer)),
    row('/intent/mcp', shelf.list('INTENT', writer)),
    row('one tool a root field', fields.map(toolOfField)),
  ];
}

function toolOfField(field: GraphQLField<unknown, unknown>): object {
  const properties = Object.fromEntries(
    field.args.map(({ name, type, description }) => [
      name,
      { type: 'string', description: description ?? String(type) },
    ]),
  );
  const required = field.args.filter(({ type }) => String(type).endsWith('!')).map(({ name }) => name);
  return {
    name: field.name,
    description: field.description ?? '',
    inputSchema: { type: 'object', properties, required },
  };
}

const ROUNDS = 3; // A-B-B-A each: six measurements a server
const CALLS = 1_500;
const WARM_UP_CALLS = 1_000;
const document = 'query ($id: ID!) { item(id: $id) { id name size } }';

/** Server CPU for each right answer, both protocol generations, 50 connections. Under a minute. */
export async function measureCalls(): Promise<BenchRow[]> {
  const servers = [
    await startServer('sluice', '../mcp/sluice-server.ts', {}, serverFlags),
    await startServer('echo on the same library', '../mcp/echo-server.ts', {}),
  ];
  try {
    const rows: BenchRow[] = [];
    for (const generation of generations) rows.push(...(await compare(servers, generation)));
    return rows;
  } finally {
    for (const server of servers) server.stop();
  }
}

async function compare(servers: readonly ServerProcess[], generation: Generation): Promise<BenchRow[]> {
  const costs = new Map(servers.map(({ name }) => [name, [] as number[]]));
  for (const server of servers) await load(server, generation, WARM_UP_CALLS);
  for (let round = 0; round < ROUNDS; round++) {
    for (const server of [...servers, ...servers.toReversed()]) {
      const before = server.cpuMicroseconds();
      await load(server, generation, CALLS);
      costs.get(server.name)?.push((server.cpuMicroseconds() - before) / CALLS);
    }
  }
  const [ours = [], theirs = []] = costs.values();
  const ratios = ours.map((cost, at) => cost / (theirs[at] ?? cost));
  const workload = `tools/call, ${generation.name}`;
  return [
    ...[...costs].map(([subject, values]) =>
      rowOf(workload, subject, values, 'us/reply', 'server CPU for each right answer'),
    ),
    rowOf(workload, 'sluice : echo', ratios, 'ratio', 'median of the pairs'),
  ];
}

async function load({ name, port }: ServerProcess, generation: Generation, count: number): Promise<void> {
  const next = () => {
    const id = `item-${Math.floor(Math.random() * 50)}`;
    return { given: { document, variables: { id } }, expected: id };
  };
  const right = await sendCalls({ port, path: '/mcp', count, generation, next });
  if (right !== count)
    throw new Error(`${name} gave ${count - right} wrong answers of ${count}: there is nothing to compare`);
}

function rowOf(
  workload: string,
  subject: string,
  values: readonly number[],
  unit: BenchRow['unit'],
  note: string,
): BenchRow {
  const range = [Math.min(...values), Math.max(...values)] as const;
  return { workload, subject, value: median(values), unit, range, note };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

if (process.argv[1] === import.meta.filename) {
  console.table(measureTokens());
  console.table(await measureCalls());
}
