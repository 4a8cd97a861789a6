import { recordAudit } from '../../domain/audit/index.ts';
import type { DomainContext, Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type JsonObject } from '../../shared/json.ts';
import { changeWatch, claimWatch, findWatch } from '../../storage/project-upkeep.ts';
import { findProject, releaseLock } from '../../storage/projects.ts';
import { findResource, findResources, type ResourceRow } from '../../storage/resources.ts';
import type { Intent } from '../create-intent.ts';
import { textsOf } from '../journal/json-fields.ts';
import type { RefreshedProject } from '../refresh/refresh-project.ts';
import type { Notify } from './notify.ts';
import { systemRequest } from './system-request.ts';

export interface Watching {
  readonly domain: DomainContext;
  readonly intent: Intent;
  readonly notify: Notify;
}

/** What is told of a resource that differs. */
interface Finding {
  readonly resourceID: string;
  readonly type: string;
  readonly provider: string;
  readonly paths: readonly string[];
  readonly gone: boolean;
}

const MINUTE_MS = 60_000;
const CLAIM_MS = 10 * MINUTE_MS;
const BUSY_RETRY_MS = 2 * MINUTE_MS;
const MAX_RESOURCES = 10_000;
const MAX_NOTE_LENGTH = 2_000;

/** Refreshes every resource of a project, under its policies, and tells what was changed outside since the last look. */
export async function checkDrift(work: Watching, project: string): Promise<void> {
  const { storage, clock } = work.domain;
  const now = clock.now();
  const watch = await storage.transaction(async (db) => {
    const until = new Date(now.getTime() + CLAIM_MS);
    return (await claimWatch(db, project, now, until)) ? findWatch(db, project) : undefined;
  });
  if (watch?.intervalMinutes === undefined) return;
  const request = systemRequest('drift', project);
  const next = new Date(now.getTime() + watch.intervalMinutes * MINUTE_MS);
  try {
    const { findings, failures } = await lookAtAll(work, request, project);
    await record(work, request, project, { findings, failures, next });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    // Somebody works in the project, or it is disabled: that is no news, and the look is put off.
    const later = error.code === 'PROJECT_LOCKED' ? new Date(now.getTime() + BUSY_RETRY_MS) : next;
    await storage.read((db) => changeWatch(db, project, { nextAt: later, note: error.message }));
  } finally {
    await storage.read((db) => releaseLock(db, project, request.caller.session));
  }
}

async function lookAtAll(work: Watching, request: Request, project: string) {
  const { storage, clock } = work.domain;
  const row = await storage.read((db) => findProject(db, project));
  if (row?.state !== 'ENABLED') throw new AppError('CONFLICT', 'the project is disabled: nothing is looked at');
  const findings: Finding[] = [];
  const failures: string[] = [];
  const resources = await storage.read((db) => findResources(db, project, MAX_RESOURCES));
  const before = new Map(resources.map((resource) => [resource.resourceId, resource]));
  for (let after: string | null = ''; after !== null;) {
    const until = new Date(clock.now().getTime() + CLAIM_MS);
    await storage.read((db) => changeWatch(db, project, { nextAt: until }));
    const page: RefreshedProject = await work.intent.refreshProject(request, { intentProject: project, after });
    for (const { resourceID, message } of page.failures) {
      failures.push(`${before.get(resourceID)?.type ?? ''} ${JSON.stringify(resourceID)}: ${message}`);
    }
    for (const { resourceID } of page.operations) {
      if (typeof resourceID !== 'string') continue;
      const now = await storage.read((db) => findResource(db, project, resourceID));
      const then = before.get(resourceID);
      if (now !== undefined && then !== undefined && isNews(then, now)) findings.push(findingOf(now));
    }
    after = page.next;
  }
  return { findings, failures };
}

function isNews(before: ResourceRow, after: ResourceRow): boolean {
  if (after.condition === 'GONE' && before.condition !== 'GONE') return true;
  const known = new Set(pathsOf(before));
  return pathsOf(after).some((path) => !known.has(path));
}

function pathsOf({ drift }: ResourceRow): string[] {
  return isJsonObject(drift) ? textsOf(drift, 'paths') : [];
}

function findingOf(row: ResourceRow): Finding {
  const { resourceId: resourceID, type, provider, condition } = row;
  return { resourceID, type, provider, paths: pathsOf(row), gone: condition === 'GONE' };
}

async function record(
  { domain, notify }: Watching,
  request: Request,
  project: string,
  { findings, failures, next }: { findings: readonly Finding[]; failures: readonly string[]; next: Date },
): Promise<void> {
  const checkedAt = domain.clock.now();
  const note = failures.length === 0 ? undefined : failures.join('\n').slice(0, MAX_NOTE_LENGTH);
  await domain.storage.transaction(async (db) => {
    await changeWatch(db, project, { nextAt: next, checkedAt, note });
    if (findings.length === 0) return;
    const resources: JsonObject[] = findings.map((finding) => ({ ...finding, paths: [...finding.paths] }));
    await recordAudit(db, domain, request, {
      action: 'intent-project.drift',
      eventType: 'SYSTEM',
      affected: { type: 'INTENT_PROJECT', id: project },
      data: { resources },
    });
    await notify(db, project, { event: 'drift', resources });
  });
}
