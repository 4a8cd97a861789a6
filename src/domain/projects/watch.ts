import { unixSeconds } from '../../shared/clock.ts';
import { badInput, noSuch } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findWatch, saveWatch, type WatchRow } from '../../storage/project-upkeep.ts';
import { pinProject } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';

/** How a project is looked after. */
export interface WatchRecord {
  /** Minutes between two looks for drift; null when there are none. */
  readonly driftIntervalMinutes: number | null;
  readonly nextCheckAt: number | null;
  readonly checkedAt: number | null;
  /** What kept resources from being looked at last time. */
  readonly note: string | null;
  /** Host of the webhook: the rest of its address may be a secret. */
  readonly webhookHost: string | null;
  readonly webhookFailure: string | null;
}

const MIN_MINUTES = 15;
const MAX_MINUTES = 30 * 24 * 60;
const MAX_URL_LENGTH = 2_000;
const MIN_SECRET_LENGTH = 16;
const MAX_SECRET_LENGTH = 500;

export async function watchOf({ storage }: DomainContext, project: string): Promise<WatchRecord | null> {
  const row = await storage.read((db) => findWatch(db, project));
  return row === undefined ? null : toRecord(row);
}

/** Has a project's resources looked at now and then, or no more. @throws BAD_INPUT, NO_SUCH */
export async function setDriftCheck(
  context: DomainContext,
  request: Request,
  { intentProject: id, intervalMinutes }: { intentProject: string; intervalMinutes?: number | null | undefined },
): Promise<WatchRecord> {
  const minutes = intervalMinutes ?? undefined;
  if (minutes !== undefined && !(Number.isInteger(minutes) && minutes >= MIN_MINUTES && minutes <= MAX_MINUTES)) {
    throw badInput(
      'intervalMinutes',
      `must be a whole number from ${MIN_MINUTES} to ${MAX_MINUTES}, or null for no checks`,
    );
  }
  const nextAt = minutes === undefined ? undefined : new Date(context.clock.now().getTime() + minutes * 60_000);
  return change(context, request, id, {
    changes: { intervalMinutes: minutes, nextAt, note: undefined },
    action: 'intent-project.drift-check-set',
    data: { intervalMinutes: minutes ?? null },
  });
}

/** Has an address told what happens to a project without anybody asking, or nobody. @throws BAD_INPUT, NO_SUCH */
export async function setWebhook(
  context: DomainContext,
  request: Request,
  input: { intentProject: string; url?: string | null | undefined; secret?: string | null | undefined },
): Promise<WatchRecord> {
  const { intentProject, url, secret } = input;
  const parsed = url == null ? undefined : parseUrl(url);
  if ((parsed === undefined) !== (secret == null))
    throw badInput('secret', 'must be given with url, and not without it');
  const length = secret?.length ?? MIN_SECRET_LENGTH;
  if (length < MIN_SECRET_LENGTH || length > MAX_SECRET_LENGTH) {
    throw badInput('secret', `must have ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} characters`);
  }
  const webhookSecret = secret == null ? undefined : Buffer.from(secret);
  return change(context, request, intentProject, {
    changes: {
      webhookUrl: parsed === undefined ? undefined : Buffer.from(parsed.href),
      webhookSecret,
      webhookFailure: undefined,
    },
    action: 'intent-project.webhook-set',
    data: { host: parsed?.host ?? null },
  });
}

/** Whether the address may be spoken to is decided when it is, by what its name stands for then. */
function parseUrl(text: string): URL {
  const url = text.length > MAX_URL_LENGTH ? null : URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    throw badInput('url', `must be an https address of ${MAX_URL_LENGTH} characters at most, without a user in it`);
  }
  return url;
}

interface Change {
  readonly changes: Partial<WatchRow>;
  readonly action: string;
  readonly data: Readonly<Record<string, string | number | null>>;
}

function change(
  context: DomainContext,
  request: Request,
  id: string,
  { changes, action, data }: Change,
): Promise<WatchRecord> {
  return context.storage.transaction(async (db) => {
    if ((await pinProject(db, id)) === undefined) throw noSuch('intentProject', id);
    const row = { ...((await findWatch(db, id)) ?? blank(id)), ...changes };
    await saveWatch(db, row);
    await audit(db, context, request, { id, action, data });
    return toRecord(row);
  });
}

function audit(
  db: Db,
  context: DomainContext,
  request: Request,
  { id, action, data }: { id: string; action: string; data: Change['data'] },
): Promise<void> {
  return recordAudit(db, context, request, { action, affected: { type: 'INTENT_PROJECT', id }, data });
}

function blank(id: string): WatchRow {
  return {
    id,
    intervalMinutes: undefined,
    nextAt: undefined,
    checkedAt: undefined,
    note: undefined,
    webhookUrl: undefined,
    webhookSecret: undefined,
    webhookFailure: undefined,
  };
}

function toRecord({ intervalMinutes, nextAt, checkedAt, note, webhookUrl, webhookFailure }: WatchRow): WatchRecord {
  const url = webhookUrl === undefined ? null : URL.parse(Buffer.from(webhookUrl).toString());
  return {
    driftIntervalMinutes: intervalMinutes ?? null,
    nextCheckAt: nextAt === undefined ? null : unixSeconds(nextAt),
    checkedAt: checkedAt === undefined ? null : unixSeconds(checkedAt),
    note: note ?? null,
    webhookHost: url?.host ?? null,
    webhookFailure: webhookFailure ?? null,
  };
}
