import { may, projectPlace } from '../../shared/caller.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { type AutoAttachment, findAutoAttachments } from '../../storage/auto-attachments.ts';
import { moveBindingsOfProject } from '../../storage/identity.ts';
import { findProject, type ProjectRow, updateProject as updateRow } from '../../storage/projects.ts';
import { findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { checkAttachments } from '../spaces/index.ts';
import { parseName } from '../parse-name.ts';
import { type ExpiryInput, requireNotExpired, setExpiry } from './expiry.ts';
import { type ProjectRecord, toProjectRecord } from './project-record.ts';

/** What is null or absent stays as it is. */
export interface ProjectChanges extends ExpiryInput {
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly space?: string | null | undefined;
  readonly confirmation?: 'TOKEN' | 'PERSON' | 'OTHER_PERSON' | null | undefined;
}

type Settable = Partial<Pick<ProjectRow, 'name' | 'description' | 'labels' | 'space' | 'confirmation' | 'state'>>;

export function updateProject(
  context: DomainContext,
  request: Request,
  id: string,
  changes: ProjectChanges,
): Promise<ProjectRecord> {
  const { name, description, labels, space, confirmation } = changes;
  const settable: Settable = {
    ...(name == null ? {} : { name: parseName(name) }),
    ...(description == null ? {} : { description }),
    ...(labels == null ? {} : { labels: [...labels] }),
    ...(space == null ? {} : { space }),
    ...(confirmation == null ? {} : { confirmation }),
  };
  return change(context, request, { id, action: 'intent-project.update', settable, expiry: changes });
}

export function enableProject(context: DomainContext, request: Request, id: string): Promise<ProjectRecord> {
  return change(context, request, { id, action: 'intent-project.enable', settable: { state: 'ENABLED' } });
}

export function disableProject(context: DomainContext, request: Request, id: string): Promise<ProjectRecord> {
  return change(context, request, { id, action: 'intent-project.disable', settable: { state: 'DISABLED' } });
}

interface Change {
  readonly id: string;
  readonly action: string;
  readonly settable: Settable;
  readonly expiry?: ExpiryInput;
}

function change(
  context: DomainContext,
  request: Request,
  { id, action, settable, expiry = {} }: Change,
): Promise<ProjectRecord> {
  return context.storage.transaction(async (db) => {
    if (settable.space !== undefined && (await findSpace(db, settable.space)) === undefined) {
      throw badInput('space', `no such space: ${JSON.stringify(settable.space)}`);
    }
    const before = await findProject(db, id);
    if (before === undefined) throw noSuch('intentProject', id);
    if (settable.state === 'ENABLED') await requireNotExpired(db, context, id);
    const ending = await setExpiry(db, context, request, before, expiry);
    if (isLowered(before, settable)) requirePerson(request);
    const judgedBy = await findAutoAttachments(db, { project: id });
    await updateRow(db, id, settable);
    if (settable.space !== undefined) {
      await checkAttachments(db);
      await moveBindingsOfProject(db, id, settable.space);
    }
    const left = await findAutoAttachments(db, { project: id });
    requireMayShed(request, before, judgedBy, left);
    await recordAudit(db, context, request, {
      action,
      affected: { type: 'INTENT_PROJECT', id },
      data: { ...settable, ...ending },
    });
    const row = await findProject(db, id);
    if (row === undefined) throw noSuch('intentProject', id);
    return toProjectRecord(row);
  });
}

/** Whoever may not detach a policy may not be rid of it by a label or a move either. */
function requireMayShed(
  { caller }: Request,
  project: ProjectRow,
  before: readonly AutoAttachment[],
  after: readonly AutoAttachment[],
): void {
  const kept = new Set(after.map(({ policyId }) => policyId));
  const lost = before.filter(({ policyId }) => !kept.has(policyId)).map(({ policyName }) => policyName);
  if (lost.length === 0 || may(caller, 'INTENT_PROJECT_POLICY_DETACH', projectPlace(project))) return;
  throw new AppError(
    'FORBIDDEN',
    `unauthorized: the policies ${lost.join(', ')} would no longer judge the project; that needs the action INTENT_PROJECT_POLICY_DETACH`,
    { details: { action: 'INTENT_PROJECT_POLICY_DETACH', space: project.space } },
  );
}

const strictness = ['TOKEN', 'PERSON', 'OTHER_PERSON'] as const;

function isLowered({ confirmation: before }: ProjectRow, { confirmation: after }: Settable): boolean {
  return after !== undefined && strictness.indexOf(after) < strictness.indexOf(before);
}

/** What keeps programs from confirming must not be switched off by one. */
function requirePerson({ caller, origin }: Request): void {
  if (caller.principal.kind === 'USER' && origin.via !== 'MCP') return;
  throw new AppError(
    'FORBIDDEN',
    'unauthorized: confirmation: only a signed-in person, not a program or an assistant, can lower it',
  );
}
