import { may, projectPlace } from '../../shared/caller.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ExpiryRow, findExpiry, removeExpiry, saveExpiry } from '../../storage/project-upkeep.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import type { DomainContext, Request } from '../context.ts';

/** When a project shall end. What is null or absent stays as it is. */
export interface ExpiryInput {
  /** How long from now, such as `72h`, `7d` or `30m`. */
  readonly ttl?: string | null | undefined;
  /** Unix seconds. */
  readonly expiresAt?: number | null | undefined;
  readonly onExpiryAction?: 'ARCHIVE' | 'DELETE' | null | undefined;
  readonly clearTtl?: boolean | null | undefined;
}

/** When a project ends, and what has come of it. */
export interface ExpiryRecord {
  readonly ttlSeconds: number | null;
  readonly expiresAt: number;
  readonly action: 'ARCHIVE' | 'DELETE';
  readonly archivedAt: number | null;
  readonly note: string | null;
}

const UNITS: Readonly<Record<string, number>> = { m: 60, h: 3_600, d: 86_400, w: 604_800 };
const MIN_SECONDS = 5 * 60; // time to see a mistake
const MAX_SECONDS = 10 * 365 * 86_400;

export async function expiryOf({ storage }: DomainContext, project: string): Promise<ExpiryRecord | null> {
  const row = await storage.read((db) => findExpiry(db, project));
  if (row === undefined) return null;
  const { ttlSeconds, expiresAt, action, archivedAt, note } = row;
  return {
    ttlSeconds: ttlSeconds ?? null,
    expiresAt: unixSeconds(expiresAt),
    action,
    archivedAt: archivedAt === undefined ? null : unixSeconds(archivedAt),
    note: note ?? null,
  };
}

/**
 * Sets when a project ends, within the transaction that makes or changes it.
 *
 * @returns what is to be said of it in the audit trail
 * @throws BAD_INPUT; FORBIDDEN when resources would be destroyed by who may not destroy them
 */
export async function setExpiry(
  db: Db,
  context: DomainContext,
  request: Request,
  project: ProjectRow,
  input: ExpiryInput,
): Promise<{ expiresAt?: string | null; onExpiryAction?: string }> {
  const { ttl, expiresAt, onExpiryAction, clearTtl } = input;
  const before = await findExpiry(db, project.id);
  if (clearTtl === true) {
    if (ttl != null || expiresAt != null) throw badInput('clearTtl', 'cannot be given together with a new end');
    await removeExpiry(db, project.id);
    return before === undefined ? {} : { expiresAt: null };
  }
  if (ttl == null && expiresAt == null && (onExpiryAction == null || before === undefined)) {
    if (onExpiryAction != null) throw badInput('onExpiryAction', 'needs an end: give ttl or expiresAt with it');
    return {};
  }
  const row = newRow(context, project.id, before, input);
  if (row.action === 'DELETE') requireMayDestroy(request, project, 'later');
  await saveExpiry(db, row);
  return { expiresAt: row.expiresAt.toISOString(), onExpiryAction: row.action };
}

function newRow(
  { clock }: DomainContext,
  id: string,
  before: ExpiryRow | undefined,
  { ttl, expiresAt, onExpiryAction }: ExpiryInput,
): ExpiryRow {
  const now = clock.now();
  const action = onExpiryAction ?? before?.action ?? 'ARCHIVE';
  if (ttl != null && expiresAt != null) throw badInput('ttl', 'cannot be given together with expiresAt');
  const seconds = ttl != null ? parseTtl(ttl) : expiresAt != null ? expiresAt - unixSeconds(now) : undefined;
  if (seconds === undefined && before !== undefined) return { ...before, action, nextAt: now, note: undefined };
  const until = new Date(now.getTime() + requireLength(seconds ?? 0, ttl != null ? 'ttl' : 'expiresAt') * 1_000);
  return {
    id,
    action,
    ttlSeconds: ttl != null ? seconds : undefined,
    expiresAt: until,
    warnedHours: undefined,
    archivedAt: undefined,
    nextAt: now, // when the first warning is due is worked out by whoever looks
    note: undefined,
  };
}

function parseTtl(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([mhdw])$/.exec(text) ?? [];
  if (count === undefined) throw badInput('ttl', 'must be a number with m, h, d or w, such as 72h or 7d');
  return Number(count) * (UNITS[unit] ?? 0);
}

function requireLength(seconds: number, field: string): number {
  if (Number.isInteger(seconds) && seconds >= MIN_SECONDS && seconds <= MAX_SECONDS) return seconds;
  throw badInput(field, 'must end the project in 5 minutes at the earliest and 10 years at the latest');
}

/** What ends a project destroys for whoever set the end, and confirms its own plans. */
export function requireMayDestroy({ caller, origin }: Request, project: ProjectRow, when: 'now' | 'later'): void {
  if (origin.via === 'MCP' && when === 'later') {
    throw new AppError(
      'FORBIDDEN',
      'unauthorized: an assistant cannot have resources destroyed later, when nobody confirms it; a person sets that through the GraphQL API',
    );
  }
  if (project.confirmation === 'OTHER_PERSON') {
    throw new AppError(
      'FORBIDDEN',
      'unauthorized: this project wants another person to let through what is destroyed: destroy its resources by operations or a change set, which can be reviewed',
    );
  }
  if (project.confirmation === 'PERSON' && caller.principal.kind !== 'USER') {
    throw new AppError(
      'FORBIDDEN',
      'unauthorized: this project wants destructive operations confirmed by a signed-in person, so only one can have its resources destroyed',
    );
  }
  for (const action of ['INTENT_PROJECT_DELETE', 'INTENT_RESOURCE_DELETE'] as const) {
    if (may(caller, action, projectPlace(project))) continue;
    throw new AppError('FORBIDDEN', `unauthorized: having the resources destroyed needs the action ${action}`, {
      details: { action, space: project.space },
    });
  }
}

/** @throws CONFLICT when the project has ended: it would end again at once */
export async function requireNotExpired(db: Db, { clock }: DomainContext, project: string): Promise<void> {
  const row = await findExpiry(db, project);
  if (row === undefined || row.expiresAt > clock.now()) return;
  throw new AppError(
    'CONFLICT',
    `project ${project} ended at ${row.expiresAt.toISOString()}: give it another ttl or expiresAt first, or clearTtl`,
  );
}
