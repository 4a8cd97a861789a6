import { recordAudit } from '../../domain/audit/index.ts';
import type { DomainContext, Request } from '../../domain/context.ts';
import { deleteProject } from '../../domain/projects/index.ts';
import { maskError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import { changeExpiry, claimExpiry, type ExpiryRow, findExpiry } from '../../storage/project-upkeep.ts';
import { pinProject, releaseLock, updateProject } from '../../storage/projects.ts';
import type { Intent } from '../create-intent.ts';
import { destroyResources } from './destroy-resources.ts';
import type { Notify } from './notify.ts';
import { systemRequest } from './system-request.ts';

export interface Expiring {
  readonly domain: DomainContext;
  readonly intent: Intent;
  readonly notify: Notify;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const CLAIM_MS = 10 * MINUTE_MS; // a server that dies in the middle is taken for dead after this
const LOCKED_RETRY_MS = 2 * MINUTE_MS;
const WARNING_HOURS = [24, 1];
const MAX_NOTE_LENGTH = 2_000;

/** Does what is due about the end of a project. What was not done before a crash is due again. */
export async function expireProject(work: Expiring, project: string): Promise<void> {
  const { storage, clock } = work.domain;
  const now = clock.now();
  const until = new Date(now.getTime() + CLAIM_MS);
  const row = await storage.transaction(async (db) => {
    return (await claimExpiry(db, project, now, until)) ? findExpiry(db, project) : undefined;
  });
  if (row === undefined) return;
  if (row.expiresAt > now) return warn(work, row, now);
  const request = systemRequest('expiry', project);
  if (row.archivedAt === undefined) await archive(work, request, row, now);
  if (row.action === 'DELETE') await takeDown(work, request, project);
}

async function warn({ domain, notify }: Expiring, row: ExpiryRow, now: Date): Promise<void> {
  const left = row.expiresAt.getTime() - now.getTime();
  const due = WARNING_HOURS.findLast((hours) => left <= hours * HOUR_MS && hours < (row.warnedHours ?? Infinity));
  const marks = [...WARNING_HOURS.map((hours) => row.expiresAt.getTime() - hours * HOUR_MS), row.expiresAt.getTime()];
  const next = marks.find((mark) => mark > now.getTime()) ?? row.expiresAt.getTime();
  await domain.storage.transaction(async (db) => {
    const changes = { nextAt: new Date(next), ...(due === undefined ? {} : { warnedHours: due }) };
    await changeExpiry(db, row.id, changes);
    if (due === undefined) return;
    const data = { expiresAt: row.expiresAt.toISOString(), onExpiryAction: row.action };
    await record(db, domain, row.id, 'expiry-warning', data);
    await notify(db, row.id, { event: 'expiry-warning', ...data });
  });
}

/** Nothing new begins in it from here on. */
async function archive({ domain, notify }: Expiring, _request: Request, row: ExpiryRow, now: Date): Promise<void> {
  await domain.storage.transaction(async (db) => {
    if ((await pinProject(db, row.id)) === undefined) return;
    await updateProject(db, row.id, { state: 'DISABLED' });
    const over = row.action === 'ARCHIVE' ? { nextAt: undefined } : {};
    await changeExpiry(db, row.id, { archivedAt: now, ...over });
    const data = { expiresAt: row.expiresAt.toISOString(), onExpiryAction: row.action };
    await record(db, domain, row.id, 'archive', data);
    await notify(db, row.id, { event: 'expired', ...data });
  });
}

async function takeDown(work: Expiring, request: Request, project: string): Promise<void> {
  const { domain, intent } = work;
  const { storage, clock } = domain;
  const goesOn = async (): Promise<void> => {
    const until = new Date(clock.now().getTime() + CLAIM_MS);
    await storage.read((db) => changeExpiry(db, project, { nextAt: until }));
  };
  try {
    const { left, reasons } = await destroyResources({ domain, intent, request, project, goesOn });
    if (left > 0) return await putOff(work, project, { left, reasons, afterMs: HOUR_MS });
    await deleteProject(domain, request, project, { keepResources: false });
  } catch (error) {
    const { code, message } = maskError(error, project);
    if (code === 'INTERNAL') domain.log.error({ error, project }, 'a project that has ended could not be taken down');
    const afterMs = code === 'PROJECT_LOCKED' ? LOCKED_RETRY_MS : HOUR_MS;
    await putOff(work, project, { left: undefined, reasons: [message], afterMs });
  } finally {
    await storage.read((db) => releaseLock(db, project, request.caller.session));
  }
}

interface Obstacle {
  readonly left: number | undefined;
  readonly reasons: readonly string[];
  readonly afterMs: number;
}

/** It says so on the project, and in the audit trail when it is news. */
async function putOff({ domain, notify }: Expiring, project: string, obstacle: Obstacle): Promise<void> {
  const note = obstacle.reasons.join('\n').slice(0, MAX_NOTE_LENGTH);
  const nextAt = new Date(domain.clock.now().getTime() + obstacle.afterMs);
  await domain.storage.transaction(async (db) => {
    const before = await findExpiry(db, project);
    await changeExpiry(db, project, { note, nextAt });
    if (before === undefined || before.note === note) return;
    const data = { left: obstacle.left ?? null, reasons: obstacle.reasons.slice(0, 20) };
    await record(db, domain, project, 'expiry-blocked', data);
    await notify(db, project, { event: 'expiry-blocked', ...data });
  });
}

function record(db: Db, domain: DomainContext, project: string, verb: string, data: JsonObject): Promise<void> {
  return recordAudit(db, domain, systemRequest('expiry', project), {
    action: `intent-project.${verb}`,
    eventType: 'SYSTEM',
    affected: { type: 'INTENT_PROJECT', id: project },
    data,
  });
}
