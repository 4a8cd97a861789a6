import { type AuditRow, countUnchained, readChain } from '../../storage/audit.ts';
import { findCheckpoints, findLastCheckpoint } from '../../storage/audit-checkpoints.ts';
import type { Storage } from '../../storage/database.ts';
import { auditHash, GENESIS } from './audit-hash.ts';
import { type Checkpoint, fromRow } from './checkpoint.ts';
import type { CheckpointPublicKey } from './checkpoint-key.ts';

export interface AuditVerdict {
  readonly intact: boolean;
  readonly entries: number;
  /** For a person. */
  readonly message: string;
}

/** What the trail is held against. */
export interface AuditProof {
  readonly account: string;
  /** The one that checkpoints are signed with. */
  readonly key: CheckpointPublicKey;
  /** Checkpoints that were kept where whoever owns the database cannot change them. */
  readonly outside?: readonly Checkpoint[];
}

/** A place in the chain. */
interface Place {
  readonly seq: number;
  readonly hash: string;
}

class Broken extends Error {}

const BATCH = 2_000;

/**
 * Checks the whole trail. The chain proves that nothing inside it was changed, dropped or put in between; the
 * checkpoints in the database, that nobody without the key has made it anew. That its end was not cut off and that the
 * database was not rolled back is proven only by a checkpoint from outside, and the message says so.
 */
export async function verifyAudit(storage: Storage, proof: AuditProof): Promise<AuditVerdict> {
  let end: Place | undefined;
  try {
    const outside = (proof.outside ?? []).map((checkpoint) => checked(checkpoint, proof, 'The checkpoint given'));
    const start = await findStart(storage, proof);
    const expected = await expectedHashes(storage, proof, outside, start);
    end = start;
    for await (const entry of entriesAfter(storage, start.seq)) end = follow(entry, end, expected);
    refuseCut(end, expected);
    return { intact: true, entries: end.seq - start.seq, message: await praise(storage, start, end, outside) };
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return { intact: false, entries: end?.seq ?? 0, message: error.message };
  }
}

/** The beginning of the trail, or where its oldest entries were dropped on purpose. */
async function findStart(storage: Storage, proof: AuditProof): Promise<Place> {
  const row = await storage.read((db) => findLastCheckpoint(db, 'DROPPED'));
  return row === undefined
    ? { seq: 0, hash: GENESIS }
    : checked(fromRow(row), proof, 'What says that entries were dropped');
}

/** By number: what the hash of an entry has to be, and who says so. */
type Expected = ReadonlyMap<number, readonly Checkpoint[]>;

async function expectedHashes(
  storage: Storage,
  proof: AuditProof,
  outside: readonly Checkpoint[],
  start: Place,
): Promise<Expected> {
  const rows = await storage.read((db) => findCheckpoints(db, 'END'));
  const inside = rows.map((row) => checked(fromRow(row), proof, 'A checkpoint in the database'));
  const expected = new Map<number, Checkpoint[]>();
  for (const checkpoint of [...inside, ...outside]) {
    const { seq } = checkpoint;
    if (seq < start.seq) continue; // speaks of entries that were dropped since
    if (seq === start.seq) requireHash(checkpoint, start);
    expected.set(seq, [...(expected.get(seq) ?? []), checkpoint]);
  }
  return expected;
}

/** @throws Broken when nobody but a forger can have made it */
function checked(checkpoint: Checkpoint, { account, key }: AuditProof, name: string): Checkpoint {
  const { seq, keyId } = checkpoint;
  if (checkpoint.account !== account)
    throw new Broken(
      `${name} (entry ${seq}) is of the account ${JSON.stringify(checkpoint.account)}, not of this one.`,
    );
  if (keyId !== key.keyId)
    throw new Broken(
      `${name} (entry ${seq}) was signed with the key ${keyId}, but the key is ${key.keyId}: it was replaced, or this is another database.`,
    );
  if (!key.verifies(checkpoint)) throw new Broken(`${name} (entry ${seq}) was altered: its signature is wrong.`);
  return checkpoint;
}

async function* entriesAfter(storage: Storage, after: number): AsyncGenerator<AuditRow> {
  for (let last = after; ;) {
    const from = last;
    const entries = await storage.read((db) => readChain(db, from, BATCH));
    yield* entries;
    if (entries.length < BATCH) return;
    last = entries.at(-1)?.seq ?? last;
  }
}

function follow(entry: AuditRow, { seq, hash }: Place, expected: Expected): Place {
  const place = { seq: seq + 1, hash: auditHash(entry, seq + 1, hash) };
  if (entry.seq !== place.seq || entry.prevHash !== hash || entry.hash !== place.hash)
    throw new Broken(`The audit trail is broken after entry ${seq}: entry ${entry.id} is not what was written there.`);
  for (const checkpoint of expected.get(place.seq) ?? []) requireHash(checkpoint, place);
  return place;
}

function requireHash(checkpoint: Checkpoint, { seq, hash }: Place): void {
  if (checkpoint.hash === hash) return;
  throw new Broken(
    `The audit trail was made anew: entry ${seq} is not the one that the checkpoint of ${checkpoint.at.toISOString()} was signed for.`,
  );
}

function refuseCut(end: Place, expected: Expected): void {
  const later = [...expected.values()].flat().find(({ seq }) => seq > end.seq);
  if (later === undefined) return;
  throw new Broken(
    `The audit trail ends at entry ${end.seq}, but the checkpoint of ${later.at.toISOString()} is of entry ${later.seq}: its tail was cut off, or the database was rolled back.`,
  );
}

async function praise(storage: Storage, start: Place, end: Place, outside: readonly Checkpoint[]): Promise<string> {
  const unchained = await storage.read((db) => countUnchained(db));
  const count = `${end.seq - start.seq} entries${start.seq === 0 ? '' : ` from number ${start.seq + 1} on`}`;
  const open = unchained === 0 ? '' : ` ${unchained} new entries are not in the chain yet.`;
  return `${count}, chain intact, last hash ${end.hash}.${open} ${proofOfTail(start, end, outside)}`;
}

function proofOfTail(start: Place, end: Place, outside: readonly Checkpoint[]): string {
  const proven = outside.reduce((most, { seq }) => Math.max(most, seq), 0);
  if (outside.length === 0)
    return 'Tail unproven: without a checkpoint that was kept elsewhere (--checkpoint FILE) nobody can tell whether the end was cut off.';
  if (proven < start.seq)
    return `Tail unproven: the checkpoint is of entry ${proven}, which is no longer kept; give a newer one.`;
  const rest = proven < end.seq ? ` Tail unproven after that: give a newer one.` : '';
  return `Proven up to entry ${proven} by the checkpoint given.${rest}`;
}
