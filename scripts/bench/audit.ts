// How fast the audit trail is verified, and what an entry costs when it is made.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { auditHash, GENESIS } from '../../src/domain/audit/audit-hash.ts';
import { linkAll, openCheckpointKey, verifyAudit } from '../../src/domain/audit/index.ts';
import { newUlid } from '../../src/shared/ids.ts';
import { silentLogger } from '../../src/shared/logger.ts';
import { type AuditRow, insertAudit } from '../../src/storage/audit.ts';
import { openStorage, type Storage } from '../../src/storage/database.ts';

const ENTRIES = 50_000;
const BATCH = 2_000;
const ROUNDS = 3;
const WRITTEN = 2_000;

export interface AuditFigures {
  readonly what: string;
  /** Processor time, the embedded database included. */
  readonly 'µs an entry': number;
  readonly 'entries a second of processor time': number;
}

export async function measureAudit(): Promise<readonly AuditFigures[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bench-audit-'));
  const keyFile = join(dataDir, 'keys.json');
  const storage = await openStorage({ databaseUrl: undefined, dataDir, keyFile, logger: silentLogger });
  try {
    const entries = makeTrail();
    for (let at = 0; at < ENTRIES; at += BATCH) await insert(storage, entries.slice(at, at + BATCH));
    return [
      figures('hash of an entry', ENTRIES, await least(async () => hashAll(entries))),
      figures('audit verify', ENTRIES, await least(() => verifyAll(storage))),
      figures(
        'writing an entry, in a transaction that is there anyway',
        WRITTEN,
        await processorMs(() => write(storage)),
      ),
      figures('linking it into the chain, later', WRITTEN, await processorMs(() => linkAll(storage))),
    ];
  } finally {
    await storage.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function figures(what: string, count: number, ms: number): AuditFigures {
  return { what, 'µs an entry': (ms * 1000) / count, 'entries a second of processor time': (count / ms) * 1000 };
}

async function processorMs(act: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function least(act: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await processorMs(act));
  return Math.min(...times);
}

function makeTrail(): AuditRow[] {
  let prevHash = GENESIS;
  return Array.from({ length: ENTRIES }, (_empty, at) => {
    const entry = makeEntry(at);
    const hash = auditHash(entry, at + 1, prevHash);
    const linked = { ...entry, seq: at + 1, prevHash, hash };
    prevHash = hash;
    return linked;
  });
}

/** About as long as what a change of a resource writes. */
function makeEntry(at: number): AuditRow {
  return {
    id: newUlid(),
    seq: undefined,
    at: new Date(1_750_000_000_000 + at * 1_000),
    account: 'local',
    eventType: 'MUTATION',
    action: 'intent-resource.create',
    actor: 'user::ada',
    actorRoles: [],
    space: undefined,
    affectedType: 'INTENT_RESOURCE',
    affectedId: `resource-${at}`,
    relatedType: 'INTENT_PROJECT',
    relatedId: 'starter',
    data: {
      operation: newUlid(),
      kind: 'CREATE',
      provider: 'sluice/sandbox',
      via: 'MCP',
      client: 'bench/1.0',
      request: newUlid(),
    },
    remoteAddress: '192.0.2.7',
    prevHash: undefined,
    hash: undefined,
  };
}

async function insert(storage: Storage, entries: readonly AuditRow[]): Promise<void> {
  await storage.executeSql(
    `insert into audit_entry select id, seq, at, account, "eventType", action, actor, "actorRoles", space, "affectedType",
      "affectedId", "relatedType", "relatedId", data, "remoteAddress", "prevHash", hash
      from jsonb_to_recordset($1::jsonb) as r (id text, seq bigint, at timestamptz, account text, "eventType" text, action text,
      actor text, "actorRoles" text[], space text, "affectedType" text, "affectedId" text, "relatedType" text, "relatedId" text,
      data jsonb, "remoteAddress" text, "prevHash" text, hash text)`,
    [JSON.stringify(entries)],
  );
}

function hashAll(entries: readonly AuditRow[]): void {
  for (const entry of entries) auditHash(entry, entry.seq ?? 0, entry.prevHash ?? '');
}

async function verifyAll(storage: Storage): Promise<void> {
  const verdict = await verifyAudit(storage, { account: 'local', key: await openCheckpointKey({ storage }) });
  if (!verdict.intact || verdict.entries !== ENTRIES) throw new Error(verdict.message);
}

async function write(storage: Storage): Promise<void> {
  await storage.transaction(async (db) => {
    for (let at = 0; at < WRITTEN; at += 1) await insertAudit(db, makeEntry(at));
  });
}
