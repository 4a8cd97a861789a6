import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { type AutoAttachment, findAutoAttachments } from '../../storage/auto-attachments.ts';
import { newUlid } from '../../shared/ids.ts';
import {
  deleteAttachment,
  findAttachments,
  findPolicy,
  insertAttachment,
  type NamedAttachment,
} from '../../storage/policies.ts';
import { findProject } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { checkAttachments } from '../spaces/index.ts';

/** A policy attached to an Intent project, by hand or by label. */
export interface AttachmentRecord {
  readonly id: string;
  readonly policyId: string;
  readonly policyName: string;
  readonly intentProject: string;
  /** It follows from labels: nobody attached it, and nobody can detach it. */
  readonly isAutoattached: boolean;
}

const AUTO = 'auto:';

function toRecord({ id, policyId, policyName, projectId }: NamedAttachment): AttachmentRecord {
  return { id, policyId, policyName, intentProject: projectId, isAutoattached: false };
}

function toAutoRecord({ policyId, policyName, projectId }: AutoAttachment): AttachmentRecord {
  const id = `${AUTO}${policyId}:${projectId}`;
  return { id, policyId, policyName, intentProject: projectId, isAutoattached: true };
}

export async function listAttachments(
  context: DomainContext,
  of: { readonly policy: string } | { readonly project: string },
): Promise<AttachmentRecord[]> {
  const [byHand, byLabel] = await context.storage.read(async (db) => [
    await findAttachments(db, of),
    await findAutoAttachments(db, of),
  ]);
  return [...byHand.map(toRecord), ...byLabel.map(toAutoRecord)];
}

/** @throws BAD_INPUT for a policy of another type, CONFLICT when it is attached already or out of the project's reach */
export function attachPolicy(
  context: DomainContext,
  request: Request,
  input: { readonly policy: string; readonly project: string },
): Promise<AttachmentRecord> {
  return context.storage.transaction(async (db) => {
    const policy = await findPolicy(db, input.policy);
    if (policy === undefined) throw noSuch('policy', input.policy);
    if (policy.type !== 'INTENT')
      throw badInput('id', `only policies of type INTENT judge Intent projects, this one is of type ${policy.type}`);
    if ((await findProject(db, input.project)) === undefined) throw noSuch('intentProject', input.project);
    const id = newUlid();
    const attachment = { id, policyId: policy.id, projectId: input.project, createdAt: context.clock.now() };
    if (!(await insertAttachment(db, attachment))) throw attachedAlready(policy.name, input.project);
    await checkAttachments(db);
    await recordAudit(db, context, request, {
      action: 'intent-project.policy-attach',
      affected: { type: 'INTENT_PROJECT', id: input.project },
      related: { type: 'POLICY', id: policy.id },
    });
    return toRecord({ id, policyId: policy.id, policyName: policy.name, projectId: input.project });
  });
}

function attachedAlready(policy: string, project: string): AppError {
  return new AppError('CONFLICT', `policy ${JSON.stringify(policy)} is attached to project ${project} already`);
}

/** @param id of the attachment */
export function detachPolicy(context: DomainContext, request: Request, id: string): Promise<AttachmentRecord> {
  return context.storage.transaction(async (db) => {
    if (projectOfAuto(id) !== undefined) throw followsFromLabels();
    const [found] = await findAttachments(db, { id });
    if (found === undefined) throw noSuch('policyProjectAttachment', id);
    await deleteAttachment(db, id);
    await recordAudit(db, context, request, {
      action: 'intent-project.policy-detach',
      affected: { type: 'INTENT_PROJECT', id: found.projectId },
      related: { type: 'POLICY', id: found.policyId },
    });
    return toRecord(found);
  });
}

function projectOfAuto(id: string): string | undefined {
  return id.startsWith(AUTO) ? id.split(':')[2] : undefined;
}

function followsFromLabels(): AppError {
  return new AppError(
    'CONFLICT',
    'this policy judges the project because of labels and cannot be detached: take the label from the project, or `autoattach:` from the policy',
  );
}

/** The space of the project that a policy is attached to: where the right to detach must be held. */
export function spaceOfAttachment(context: DomainContext, id: string): Promise<string | undefined> {
  return context.storage.read(async (db) => {
    const [found] = await findAttachments(db, { id });
    const project = found?.projectId ?? projectOfAuto(id);
    return project === undefined ? undefined : (await findProject(db, project))?.space;
  });
}
