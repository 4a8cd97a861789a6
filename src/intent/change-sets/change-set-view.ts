import type { IntentChange, IntentChangeSet } from '../../../generated/resolvers.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { type ChangeSetRow, findChangeSet, findChangeSets } from '../../storage/change-sets.ts';
import { findMembers } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { spaceOf, within } from '../queries.ts';
import { operationView, type OperationView, reviewView } from '../view.ts';
import type { AnsweredSet } from './apply-change-set.ts';
import { readChanges } from './change.ts';

/** A change set as the API shows it; its changes are looked up by whoever asks for them. */
export type ChangeSetView = Omit<IntentChangeSet, '__typename' | 'changes'>;

/** A change of a set with the operation that it is, once it is planned. */
export type ChangeView = Omit<IntentChange, '__typename' | 'operation'> & { readonly operation: OperationView | null };

export function changeSetView(row: ChangeSetRow, space: string, asked?: AnsweredSet['asked']): ChangeSetView {
  const { confirmationUntil: until } = row;
  return {
    id: row.id,
    intentProject: row.project,
    space,
    status: row.status,
    outcome: row.status.toLowerCase(),
    message: messageOf(row, asked),
    digest: row.planDigest ?? null,
    destructive: row.destructive,
    changeCount: readChanges(row).length,
    confirmation: asked === undefined || until === undefined ? null : { ...asked, expiresAt: unixSeconds(until) },
    review: reviewView(row.review),
    failure: row.failure ?? null,
    user: row.principalName,
    client: row.client ?? null,
    createdAt: unixSeconds(row.createdAt),
    updatedAt: unixSeconds(row.updatedAt),
    finishedAt: row.finishedAt === undefined ? null : unixSeconds(row.finishedAt),
    cancelRequestedAt: row.cancelRequestedAt === undefined ? null : unixSeconds(row.cancelRequestedAt),
  };
}

function messageOf(
  { id, status, failure, destructive, cancelRequestedAt }: ChangeSetRow,
  asked: AnsweredSet['asked'],
): string {
  switch (status) {
    case 'PLANNING':
    case 'APPLYING':
      return `It ${cancelRequestedAt === undefined ? 'is being worked on' : 'was asked to stop and has not come to its end'}; ask for change set ${id} again in a moment.`;
    case 'PENDING_REVIEW':
      return `No policy allows or denies some of it, so a person must review change set ${id}. Nothing has happened yet.`;
    case 'PLANNED':
      if (asked !== undefined)
        return `Nothing has happened yet. ${asked.summary} To go on, apply it again with the confirmation token.`;
      return `Nothing has happened yet: look at the plans and apply change set ${id}.${destructive ? ' It destroys something.' : ''}`;
    case 'FINISHED':
      return 'All changes are done.';
    case 'FAILED':
      return `${failure ?? 'It failed.'}\nResume change set ${id} to go on with what is not done.`;
    case 'INTERRUPTED':
      return `${failure ?? 'It was interrupted.'}\nResume change set ${id} to find out what was done and to go on.`;
    case 'DENIED':
    case 'CANCELED':
      return failure ?? status.toLowerCase();
  }
}

export async function findChangeSetView(engine: Engine, project: string, id: string): Promise<ChangeSetView | null> {
  return engine.domain.storage.read(async (db) => {
    const row = await findChangeSet(db, project, id);
    return row === undefined ? null : changeSetView(row, await spaceOf(db, project));
  });
}

export interface ChangeSetPage {
  readonly page: number;
  readonly pageSize: number;
  readonly hasMore: boolean;
  readonly changeSets: ChangeSetView[];
}

export async function listChangeSets(
  engine: Engine,
  project: string,
  input: { readonly page?: number | null | undefined; readonly pageSize?: number | null | undefined },
): Promise<ChangeSetPage> {
  const page = within('page', input.page ?? 1, 1, 1_000_000);
  const pageSize = within('pageSize', input.pageSize ?? 20, 1, 100);
  return engine.domain.storage.read(async (db) => {
    const space = await spaceOf(db, project);
    const rows = await findChangeSets(db, project, { limit: pageSize + 1, offset: (page - 1) * pageSize });
    return {
      page,
      pageSize,
      changeSets: rows.slice(0, pageSize).map((row) => changeSetView(row, space)),
      hasMore: rows.length > pageSize,
    };
  });
}

/** The changes of a set in the order in which they were given. */
export async function findChanges(engine: Engine, { intentProject, id }: ChangeSetView): Promise<ChangeView[]> {
  return engine.domain.storage.read(async (db) => {
    const set = await findChangeSet(db, intentProject, id);
    if (set === undefined) return [];
    const space = await spaceOf(db, intentProject);
    const rows = new Map((await findMembers(db, id)).map((row) => [row.changePosition, row]));
    const changes = readChanges(set);
    return changes.map(({ position, ask, needs }) => {
      const row = rows.get(position);
      return {
        position,
        resourceID: ask.resourceID,
        kind: ask.kind,
        needs: [...needs].flatMap((each) => changes[each]?.ask.resourceID ?? []),
        operation: row === undefined ? null : operationView(row, space),
      };
    });
  });
}
