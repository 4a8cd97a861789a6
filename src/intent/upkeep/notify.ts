import { createHmac } from 'node:crypto';

import type { DomainContext } from '../../domain/context.ts';
import { maskError } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { isJsonObject, type JsonObject } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import {
  changeWatch,
  claimNotices,
  findWatch,
  insertNotice,
  type NoticeRow,
  postponeNotice,
  removeNotice,
  type WatchRow,
} from '../../storage/project-upkeep.ts';

/** Has a project's webhook told, once the transaction is through. */
export type Notify = (db: Db, project: string, event: JsonObject) => Promise<void>;

/** The way out to webhooks: it refuses addresses that are not public, and follows nothing. */
export type WebhookPost = (
  url: string,
  body: string,
  options: {
    readonly headers: Readonly<Record<string, string>>;
    readonly timeoutMs: number;
    readonly maxBytes: number;
  },
) => Promise<{ readonly status: number }>;

const MINUTE_MS = 60_000;
const CLAIM_MS = 5 * MINUTE_MS;
const RETRY_MINUTES = [1, 5, 30, 120, 360, 720, 1_440]; // given up after some two days
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_NOTE_LENGTH = 500;

/** Notes down what a webhook shall be told, in the transaction in which it becomes true. */
export function notifier({ clock }: DomainContext): Notify {
  return async (db, project, event) => {
    if ((await findWatch(db, project))?.webhookUrl === undefined) return;
    const at = clock.now();
    await insertNotice(db, { id: newUlid(), project, event, attempts: 0, nextAt: at, createdAt: at });
  };
}

/** Tells a project's webhook what is due, oldest first. What it does not take is told again later, at least once each. */
export async function deliverNotices(domain: DomainContext, post: WebhookPost, project: string): Promise<void> {
  const now = domain.clock.now();
  const until = new Date(now.getTime() + CLAIM_MS);
  const [watch, notices] = await domain.storage.transaction(async (db) => [
    await findWatch(db, project),
    await claimNotices(db, project, now, until),
  ]);
  for (const notice of notices) {
    const failure = await deliver(domain, post, watch, notice);
    await settle(domain, notice, failure);
    if (failure !== undefined) return; // the rest is due again with the claim's end: order is kept
  }
}

/** @returns why it was not taken; undefined when it was, or when nobody is to be told any more */
async function deliver(
  { account }: DomainContext,
  post: WebhookPost,
  watch: WatchRow | undefined,
  { id, project, event, createdAt }: NoticeRow,
): Promise<string | undefined> {
  if (watch?.webhookUrl === undefined || watch.webhookSecret === undefined) return undefined;
  const rest = isJsonObject(event) ? event : {};
  const body = JSON.stringify({ id, account, project, createdAt: createdAt.toISOString(), ...rest });
  const headers = { 'x-signature-256': signatureOf(body, watch.webhookSecret), 'x-delivery-id': id };
  try {
    const url = Buffer.from(watch.webhookUrl).toString();
    const answer = await post(url, body, { headers, timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES });
    return answer.status >= 200 && answer.status < 300 ? undefined : `the webhook answered with ${answer.status}`;
  } catch (error) {
    return `the webhook was not reached: ${maskError(error, id).message}`;
  }
}

/** `sha256=` and the HMAC-SHA256 of the body in hexadecimal. */
export function signatureOf(body: string, secret: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

async function settle({ storage, clock, log }: DomainContext, notice: NoticeRow, failure?: string): Promise<void> {
  const { id, project, attempts } = notice;
  const minutes = RETRY_MINUTES[attempts];
  if (failure !== undefined) log.warn({ project, notice: id, failure }, 'a webhook could not be told');
  await storage.transaction(async (db) => {
    if (failure === undefined || minutes === undefined) await removeNotice(db, id);
    else await postponeNotice(db, id, attempts + 1, new Date(clock.now().getTime() + minutes * MINUTE_MS));
    await changeWatch(db, project, { webhookFailure: failure?.slice(0, MAX_NOTE_LENGTH) });
  });
}
