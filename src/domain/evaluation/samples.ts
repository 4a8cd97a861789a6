import { unixSeconds } from '../../shared/clock.ts';
import { may } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Json } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import { findPolicy, findSample as findRow, findSamples, insertSample } from '../../storage/policies.ts';
import type { DomainContext, Request } from '../context.ts';

const KEPT_SAMPLES = 100; // of one policy: enough to debug with, small enough to forget
const KEPT_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface SampleRecord {
  readonly key: string;
  readonly outcome: string;
  readonly timestamp: number;
}

/** One evaluation to keep. Its input holds no sensitive value: they were null before the policy saw it. */
export interface NewSample {
  readonly policyId: string;
  readonly body: string;
  readonly outcome: 'allow' | 'deny' | 'review' | 'error';
  readonly input: Json;
  readonly result: Json;
}

/** Newest first. @throws FORBIDDEN as `refuseLoginSamples` */
export async function listSamples(context: DomainContext, request: Request, policy: string): Promise<SampleRecord[]> {
  await refuseLoginSamples(context, request, policy);
  const rows = await context.storage.read((db) => findSamples(db, policy, oldest(context)));
  return rows
    .slice(0, KEPT_SAMPLES)
    .map(({ id, outcome, createdAt }) => ({ key: id, outcome, timestamp: unixSeconds(createdAt) }));
}

export async function findSample(
  context: DomainContext,
  request: Request,
  policy: string,
  key: string,
): Promise<{ input: string; body: string; result: string } | null> {
  await refuseLoginSamples(context, request, policy);
  const row = await context.storage.read((db) => findRow(db, policy, key));
  if (row === undefined || row.createdAt < oldest(context)) return null;
  return { input: textOf(row.input), body: row.body, result: textOf(row.result) };
}

/** What login policies saw tells who came from where: that is for administrators of root. */
async function refuseLoginSamples({ storage }: DomainContext, { caller }: Request, policy: string): Promise<void> {
  if (may(caller, 'SPACE_ADMIN', 'root')) return;
  if ((await storage.read((db) => findPolicy(db, policy)))?.type !== 'LOGIN') return;
  throw new AppError('FORBIDDEN', 'unauthorized: samples of login policies are for administrators of the root space');
}

export async function recordSample(db: Db, context: DomainContext, sample: NewSample): Promise<void> {
  const row = {
    id: newUlid(),
    policyId: sample.policyId,
    outcome: sample.outcome,
    input: bytesOf(sample.input),
    result: bytesOf(sample.result),
    body: sample.body,
    createdAt: context.clock.now(),
  };
  await insertSample(db, row, KEPT_SAMPLES, oldest(context));
}

/** A sample helps to understand a decision; failing to keep one must not change it. */
export async function keepSample(context: DomainContext, sample: NewSample): Promise<void> {
  await context.storage
    .transaction((db) => recordSample(db, context, sample))
    .catch((error: unknown) => context.log.warn({ error, policy: sample.policyId }, 'a sample could not be kept'));
}

function oldest(context: DomainContext): Date {
  return new Date(context.clock.now().getTime() - KEPT_DAYS * DAY_MS);
}

const bytesOf = (value: Json): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
