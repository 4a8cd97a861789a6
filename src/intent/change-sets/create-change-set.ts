import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { holdLock } from '../../domain/projects/index.ts';
import { AppError, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { type ChangeSetRow, insertChangeSet } from '../../storage/change-sets.ts';
import { findDependencies } from '../../storage/dependencies.ts';
import { findProject, type ProjectRow } from '../../storage/projects.ts';
import { findResourcesById } from '../../storage/resources.ts';
import type { Engine } from '../engine.ts';
import { recordRefused } from '../journal/record-refused.ts';
import { timeFor } from '../operations/start-operation.ts';
import { inTurn } from '../steps/hold-lock.ts';
import { type Change, packChanges } from './change.ts';
import { compose, dependentsToDelete, endedEdges, type Holdings, mentionedIds } from './compose.ts';
import { followSet, type SetEnd } from './follow-set.ts';
import { type ChangeInput, type ParsedChange, parseChanges } from './parse-changes.ts';
import { planSet } from './plan-set.ts';
import { requireActions } from './require-actions.ts';
import { requireSubjects } from './require-subjects.ts';
import { openSet } from './set-work.ts';

export interface CreateChangeSetInput {
  readonly intentProject: string;
  readonly changes: readonly ChangeInput[];
  readonly wait?: number | null | undefined;
  readonly lockWait?: number | null | undefined;
}

/**
 * Plans and judges many changes together. Nothing is changed before the set is applied.
 *
 * @throws what keeps it from being written down, and, while the caller waits, why it could not be planned or was denied
 */
export async function createChangeSet(
  engine: Engine,
  request: Request,
  input: CreateChangeSetInput,
): Promise<ChangeSetRow> {
  const time = timeFor(input);
  const { changes, set, project } = await recordingRefusal(engine, request, input, async () => {
    // What is wrong with it is said before anybody waits; what is there may be other things after the wait.
    let composed = await composeSet(engine, request, input);
    return inTurn(engine, request, { project: input.intentProject, waitMs: time.lockWaitMs }, async () => {
      if (time.lockWaitMs > 0) composed = await composeSet(engine, request, input);
      return { changes: composed, ...(await recordSet(engine, request, input.intentProject, composed)) };
    });
  });
  const plan = async (): Promise<SetEnd> => planSet(await openSet({ engine, request, set, project, changes }));
  return followSet({ engine, set, project }, plan, time.leftMs());
}

async function composeSet(engine: Engine, request: Request, input: CreateChangeSetInput): Promise<Change[]> {
  const { intentProject: id } = input;
  const parsed = parseChanges(id, input.changes);
  const found = await engine.domain.storage.read(async (db) => {
    const project = await findProject(db, id);
    if (project === undefined) throw noSuch('Intent project', id);
    const edges = await findDependencies(db, id);
    const ended = endedEdges(parsed, edges);
    const all = [
      ...parsed,
      ...dependentsToDelete(
        parsed,
        edges.filter((edge) => !ended.has(edge)),
      ).map((each) => deletionOf(id, each)),
    ];
    const resources = await findResourcesById(db, id, mentionedIds(all));
    return { project, all, holdings: { resources, edges } satisfies Holdings };
  });
  const { project, all, holdings } = found;
  requireEnabled(project);
  requireActions(request.caller, project, all);
  requireSubjects(all, holdings);
  return compose(all, holdings);
}

function deletionOf(project: string, resourceID: string): ParsedChange {
  return { ask: { kind: 'DELETE', project, resourceID }, templates: [], withDependents: false };
}

export function requireEnabled({ id, state }: ProjectRow): void {
  if (state !== 'DISABLED') return;
  throw new AppError('CONFLICT', `project ${id} is disabled: enable it before anything runs in it`);
}

/** Takes the project's lock and writes the change set down, before anything is asked of a provider. */
function recordSet(engine: Engine, request: Request, id: string, changes: readonly Change[]) {
  const { domain } = engine;
  return domain.storage.transaction(async (db) => {
    const project = await holdLock(db, domain, request.caller, id);
    const set = newSet(engine, request, project, changes);
    await insertChangeSet(db, set);
    await recordAudit(db, domain, request, {
      action: 'intent-change-set.create',
      affected: { type: 'INTENT_CHANGE_SET', id: set.id },
      related: { type: 'INTENT_PROJECT', id },
      data: { changes: changes.map(({ ask }) => ({ kind: ask.kind, resourceID: ask.resourceID })) },
    });
    return { set, project };
  });
}

function newSet(engine: Engine, request: Request, project: ProjectRow, changes: readonly Change[]): ChangeSetRow {
  const { caller, origin } = request;
  const at = engine.domain.clock.now();
  return {
    id: newUlid(),
    project: project.id,
    status: 'PLANNING',
    request: packChanges(changes),
    planDigest: undefined,
    approvedDigest: undefined,
    destructive: false,
    failure: undefined,
    confirmationHash: undefined,
    confirmationUntil: undefined,
    review: undefined,
    session: caller.session,
    principalId: caller.principal.id,
    principalName: caller.principal.name,
    via: origin.via,
    client: origin.client,
    fence: project.fence,
    leaseUntil: new Date(at.getTime() + engine.limits.leaseMs),
    createdAt: at,
    updatedAt: at,
    finishedAt: undefined,
    cancelRequestedAt: undefined,
  };
}

async function recordingRefusal<T>(
  engine: Engine,
  request: Request,
  { intentProject }: CreateChangeSetInput,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await recordRefused(engine.domain, request, error, {
      action: 'intent-change-set.create',
      affected: { type: 'INTENT_PROJECT', id: intentProject },
    });
    throw error;
  }
}
