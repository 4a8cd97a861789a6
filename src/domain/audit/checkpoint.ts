import { type AppError, badInput } from '../../shared/errors.ts';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import type { CheckpointRow } from '../../storage/audit-checkpoints.ts';

/** What a checkpoint says: that the entry with this number had this hash. */
export interface CheckpointStatement {
  readonly account: string;
  /** END: it was the last one. DROPPED: it and those before are no longer kept. */
  readonly kind: 'END' | 'DROPPED';
  readonly seq: number;
  readonly hash: string;
  readonly at: Date;
}

/** A statement that the server has signed: to be kept where whoever owns the database cannot change it. */
export interface Checkpoint extends CheckpointStatement {
  /** Which key has signed. */
  readonly keyId: string;
  readonly signature: string;
}

const TYPE = 'sluice-audit-checkpoint';

/** The text that is signed. */
export function statementText({ account, kind, seq, hash, at }: CheckpointStatement): string {
  return canonicalJson({ type: TYPE, account, kind, sequence: seq, hash, at: at.toISOString() });
}

/** The form in which a checkpoint leaves the server. */
export function checkpointJson({ account, kind, seq, hash, at, keyId, signature }: Checkpoint): JsonObject {
  return { type: TYPE, account, kind, sequence: seq, hash, at: at.toISOString(), keyId, signature };
}

/**
 * Reads what was kept: one checkpoint, or many, one a line, also within the lines of a log.
 *
 * @throws BAD_INPUT naming the line
 */
export function parseCheckpoints(text: string): Checkpoint[] {
  const whole = parseJson(text);
  if (whole !== undefined) return [parseCheckpoint(whole, 'it')];
  const lines = text.split('\n').filter((line) => line.includes(TYPE));
  if (lines.length === 0) throw badInput('checkpoint', 'the file holds no checkpoint');
  return lines.map((line, at) => parseCheckpoint(parseJson(line), `checkpoint ${at + 1}`));
}

function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function parseCheckpoint(value: Json | undefined, name: string): Checkpoint {
  const given = isJsonObject(value) && isJsonObject(value['checkpoint']) ? value['checkpoint'] : value;
  if (!isJsonObject(given) || given['type'] !== TYPE) throw unreadable(name);
  const { account, kind, sequence, hash, at, keyId, signature } = given;
  if (kind !== 'END' && kind !== 'DROPPED') throw unreadable(name);
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) throw unreadable(name);
  const time = new Date(text(at, name));
  if (Number.isNaN(time.getTime())) throw unreadable(name);
  const [ofAccount, ofEntry] = [text(account, name), text(hash, name)];
  const signed = { keyId: text(keyId, name), signature: text(signature, name) };
  return { account: ofAccount, kind, seq: sequence, hash: ofEntry, at: time, ...signed };
}

function text(value: Json | undefined, name: string): string {
  if (typeof value === 'string') return value;
  throw unreadable(name);
}

function unreadable(name: string): AppError {
  return badInput('checkpoint', `${name} is no checkpoint of the audit trail as this server writes them`);
}

export function fromRow({ id: _id, kind, ...row }: CheckpointRow): Checkpoint {
  return { ...row, kind: kind === 'DROPPED' ? 'DROPPED' : 'END' };
}
