// What the entry in the audit trail costs a create that is on disk, in the server as it ships.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { buildGoProvider } from '../../src/testing/go-provider.ts';
import { startTestPostgres } from '../../src/testing/postgres.ts';
import type { TestServer } from '../../src/testing/server.ts';
import { findTool } from '../../src/testing/tools.ts';
import { UNAUDITED } from './audit-hook.ts';
import { ask, type Bench, createNamed, withServer, wrap } from './create.ts';
import { boundsOf } from './gateway/compare-pairs.ts';

const PAIRS = Number(process.env['SLUICE_BENCH_PAIRS'] ?? 200);
const WARM_UP = 20; // creates
const IDLE_MS = 600_000; // providers stay

interface Row {
  readonly database: string;
  readonly 'median %': number;
  readonly 'upper 95 % bound': number;
  readonly 'ms with': number;
  readonly 'ms without': number;
  readonly pairs: number;
}

export async function measureAudited(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-audited-'));
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = `--import=${pathToFileURL(join(import.meta.dirname, 'audit-hook.ts')).href}`;
  try {
    const program = wrap(folder, 'provider', await buildGoProvider(), 0);
    const rows = [await measure('embedded', { folder, program, count: 0 })];
    if (findTool('postgres') === undefined) return rows;
    const postgres = await startTestPostgres();
    try {
      const database = () => postgres.createDatabase();
      return [...rows, await measure('PostgreSQL', { folder, program, count: 0, database })];
    } finally {
      await postgres.stop();
    }
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(database: string, bench: Bench): Promise<Row> {
  return withServer(bench, IDLE_MS, async (server) => {
    for (let at = 0; at < WARM_UP; at += 1) await createNamed(server, `warm${at}`);
    const times: { readonly audited: number; readonly unaudited: number }[] = [];
    for (let at = 0; at < PAIRS; at += 1) {
      const ways = [() => timed(server, `a${at}`), () => timed(server, `${UNAUDITED}${at}`)] as const;
      const first = await ways[at % 2 === 0 ? 0 : 1]();
      const second = await ways[at % 2 === 0 ? 1 : 0]();
      times.push(at % 2 === 0 ? { audited: first, unaudited: second } : { audited: second, unaudited: first });
    }
    await requireLeftOut(server);
    const { percent, upperPercent } = boundsOf(times.map(({ audited, unaudited }) => audited / unaudited));
    return {
      database,
      'median %': percent,
      'upper 95 % bound': upperPercent,
      'ms with': median(times.map(({ audited }) => audited)),
      'ms without': median(times.map(({ unaudited }) => unaudited)),
      pairs: PAIRS,
    };
  });
}

async function timed(server: TestServer, name: string): Promise<number> {
  const start = performance.now();
  await createNamed(server, name);
  return performance.now() - start;
}

/** A comparison with itself would look very good. */
async function requireLeftOut(server: TestServer): Promise<void> {
  const document = `query($input: SearchInput!) { searchAuditTrailEntries(input: $input) { edges { node { id } } } }`;
  const found = async (id: string): Promise<boolean> => {
    const predicates = [{ field: 'resourceId', constraint: { stringMatches: [id] } }];
    return JSON.stringify(await ask(server, document, { input: { predicates } })).includes('"id"');
  };
  if (!(await found('a0')) || (await found(`${UNAUDITED}0`))) throw new Error('the hook leaves out other entries');
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
