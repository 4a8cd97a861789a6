// `npm run bench [suite ...]`: measures, prints tables, and writes docs/benchmarks.md. Suites that are not named keep the
// figures of their last run, which lie beside this file as JSON.
import { cpus } from 'node:os';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

type Cell = string | number | readonly number[] | undefined;
type Row = Readonly<Record<string, Cell>>;

interface Suite {
  readonly title: string;
  /** How it was measured and what it should be. */
  readonly about: string;
  readonly measure: () => Promise<readonly object[]>;
}

interface Result {
  readonly on: string;
  readonly rows: readonly Row[];
}

const suites: Readonly<Record<string, Suite>> = {
  gateway: {
    title: 'GraphQL: every field checked, against servers that check nothing',
    about:
      'Server CPU for each correct reply (user + system time of the process), 20 connections, random `first` or id, one of 1,000 tokens a request, replies compared byte for byte, order A-B-C-C-B-A, median of six. BIG is a list of 50 objects with 1,651 fields (31.7 to 35.7 kB), SMALL two fields of one object. Enforcement: the same process with rules on and off, interleaved. Aims: BIG at most 1/5 of Yoga and no more than mercurius with jit; SMALL at most 1/4 of Yoga; enforcement at most +10 % at the upper 95 % bound.',
    measure: async () => (await import('./gateway.ts')).measureGateway(),
  },
  access: {
    title: 'Access: callers never seen before, tokens, the way in',
    about:
      'The first request and the first introspection of callers whose set of rights nobody had before, on a made-up schema of the size of a large public one, against filtering the schema with a library and asking it; what it takes to know the owner of a token; the whole OAuth flow of an assistant with a person who approves; and the cost of rules with callers whose rights come from roles in a tree of spaces. Aims: first request at most 2 ms; first introspection at most 500 ms; rules at most +10 % at the upper 95 % bound.',
    measure: async () => (await import('./access.ts')).measureAccess(),
  },
  tools: {
    title: 'MCP: tokens of the tool list',
    about:
      'Tokens (o200k_base) of `tools/list`. Aim: at most 600 for `/mcp`, and no more when a provider with 1,500 types is added.',
    measure: async () => (await import('./mcp.ts')).measureTokens(),
  },
  calls: {
    title: 'MCP: a tool call that becomes a GraphQL read',
    about: 'Server CPU for each right answer, 50 connections, against an echo server on the same library.',
    measure: async () => (await import('./mcp.ts')).measureCalls(),
  },
  policy: {
    title: 'Policy: one decision',
    about:
      'In the worker, with the hop to a worker thread, and by `opa run -s` over keep-alive HTTP, in one run. Aims: in the worker at most 1/20 of the server; with the hop at most 1/2 and p50 at most 0.5 ms; 1,000 rules in the worker at most twice the small policy. OPA keeps no index of rules in Wasm: a thousand are tried one after the other (about 20 ns each). Rules that ask for a text at one part of the input are therefore spread over packages named by the text when a policy is compiled, of which only the one that fits is called.',
    measure: async () => (await (await import('./policy.ts')).measurePolicy()).rows,
  },
  create: {
    title: 'Intent: a durable create',
    about:
      'Wall time of one create over HTTP (policy, lock, journal synced to disk, executor, provider, state, audit) against `terraform apply` with the same provider binary, interleaved. Aims: warm at most 1/20, cold at most 1/5; with a provider of 1,501 types cold at most 1/8 and a quarter of the memory. Missed with the small provider: warm, the three calls of the provider (check, plan, apply) with the way there and back are a third; the statements that are waited for another, of them the two that say that it acts and what came of it the most; two synced commits under a tenth. The other statements run while the provider checks and plans. A create on the embedded database takes 26 ms of processor time in all, 18 of them in the server and 5 in the executor, where it took 31, 22 and 5 before (80 creates each, one of the one and one of the other, on a computer busy with much else). Cold, most of the time is the start of the provider itself, in namespaces where the machine permits them.',
    measure: async () => (await import('./create.ts')).measureCreate(),
  },
  audit: {
    title: 'The audit trail: verifying it, and what it costs a change',
    about:
      'Processor time of the whole process with the embedded database, so that other work on the computer counts less; 50,000 entries of about 600 bytes. Aims: verify at least 100,000 entries a second; an entry at most 10 % of a durable create. Of verifying, two thirds are the embedded database, which puts the rows together as JSON; with PostgreSQL that is done elsewhere. A create writes one entry: about 1 ms of about 50 ms, on a computer that was busy with other things when this was measured; linking it comes later and keeps nobody waiting.',
    measure: async () => (await import('./audit.ts')).measureAudit(),
  },
  changeset: {
    title: 'Intent: many resources in one change set',
    about:
      'Wall time to plan and apply one change set over HTTP (lock, journal synced to disk, policies, executor, provider, state, audit), half of its resources referring to another, against `terraform apply` of the same resources with the same provider binary in the same run, once each. Memory is the most that the processes of terraform took, and what ours took more than before. Aim: at most half the time and half the memory. A change costs two calls of the provider for planning, one for checking, or two where it waits for another one, and one for applying: with the way there and back they take two thirds of the processor time of planning and half of that of applying, most of the rest of which is the embedded database, in transactions of about fifteen changes. The time of terraform grows faster than the number of resources, ours does not. What our memory grows by is above all that of the provider, which under terraform grows too.',
    measure: async () => (await import('./changeset.ts')).measureChangeSet(),
  },
  refresh: {
    title: 'Intent: looking at many resources that are as they should be',
    about:
      'Wall time over HTTP to read all resources of a project again (`intentProjectRefresh`), and to plan changes that change nothing (a change set with the configuration each resource has, with its references), against `terraform plan -refresh-only` and `terraform plan` of the same resources with the same provider binary in the same run, in turn, median. Both sides read every object by the provider and find no change. Memory is the most that the processes of terraform took, and what ours took more than before. Aim: at most half the time.',
    measure: async () => (await import('./refresh.ts')).measureRefresh(),
  },
  audited: {
    title: 'The audit trail: a durable create with it and without',
    about:
      'Wall time of one create over HTTP, warm, with the entry of the audit trail and without it, in pairs in turn. The server is the one that ships, started with a hook that leaves out the entries of resources with a certain name. Linking into the chain comes later and meets both sides. Aim: at most +10 % at the upper 95 % bound.',
    measure: async () => (await import('./audited.ts')).measureAudited(),
  },
  kills: {
    title: 'Interruptions: what is lost in the middle of ten slow creates',
    about:
      'Ten objects, one after the other, 0.4 s each, made over HTTP and by `terraform apply -parallelism=1` with the same provider program. At the same random moments everything is killed (SIGKILL of terraform with its provider, of the server with its executor and providers), or the last byte of the disk is taken that holds the state or the database. Counted in the folder of the provider: objects of which no state and no record tells; those of which only the screen told, before the end; those whose record says that nobody is sure; whether the next command is refused; and objects beyond the ten once the work was gone on with. Aim: none known to nobody, none made twice.',
    measure: async () => (await import('./kills.ts')).measureKills(),
  },
  boot: {
    title: 'Start: boot to the first correct reply',
    about:
      'Embedded database, on data of an earlier start. Aim: at most 1.5 s. Missed: about 0.8 s is loading modules (0.2 s of it the OAuth server, 0.2 s GraphQL and its compiler, 0.1 s the MCP library), about 0.9 s opening the database. Loading the OAuth server and the MCP library after the port is open would save about 0.3 s.',
    measure: async () => (await import('./boot.ts')).measureBoot(),
  },
};

const folder = import.meta.dirname;
const root = resolve(folder, '../..');
const resultsFile = join(folder, 'results.json');

await main(process.argv.slice(2));

async function main(named: readonly string[]): Promise<void> {
  const unknown = named.find((name) => !(name in suites));
  if (unknown !== undefined) throw new Error(`no such suite: ${unknown}; there are ${Object.keys(suites).join(', ')}`);
  const results = readResults();
  for (const [name, suite] of Object.entries(suites)) {
    if (named.length > 0 && !named.includes(name)) continue;
    console.log(`\n${suite.title}`);
    const rows = (await suite.measure()).map(toRow);
    console.table(rows);
    results[name] = { on: new Date().toISOString().slice(0, 10), rows };
    writeFileSync(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  }
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(join(root, 'docs/benchmarks.md'), documentOf(results));
}

// What this file wrote.
function readResults(): Record<string, Result> {
  return existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as Record<string, Result>) : {};
}

function toRow(row: object): Row {
  return Object.fromEntries(Object.entries(row).map(([key, value]: [string, unknown]) => [key, toCell(value)]));
}

function toCell(value: unknown): Cell {
  if (typeof value === 'number') return rounded(value);
  if (Array.isArray(value)) return value.map(Number).map(rounded).join(' to ');
  return typeof value === 'string' ? value : JSON.stringify(value ?? '').replaceAll('"', '');
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function documentOf(results: Readonly<Record<string, Result>>): string {
  const sections = Object.entries(suites).flatMap(([name, suite]) => {
    const result = results[name];
    return result === undefined ? [] : section(name, suite, result);
  });
  return [
    '<!-- Written by `npm run bench`. Do not edit. -->',
    '# Benchmarks',
    '',
    `\`npm run bench\` measures everything, \`npm run bench gateway\` one suite. Peers are installed on demand from \`scripts/bench/package.json\`. Shared computers are noisy: read the ratios, which come from one run, and not the single figures. Last measured on ${cpus().length} cores with Node ${process.versions.node}.`,
    '',
    ...sections,
  ].join('\n');
}

function section(name: string, { title, about }: Suite, { on, rows }: Result): string[] {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const line = (cells: readonly Cell[]): string => `| ${cells.join(' | ')} |`;
  return [
    `## ${title}`,
    '',
    `${about} (\`npm run bench ${name}\`, ${on})`,
    '',
    line(keys),
    line(keys.map(() => '---')),
    ...rows.map((row) => line(keys.map((key) => row[key] ?? ''))),
    '',
  ];
}
