import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import {
  type AwsAttachmentRow,
  type AwsIntegrationRow,
  findAwsAttachments,
  findAwsIntegrationsById,
  insertAwsAttachment,
  removeAwsAttachment,
} from '../../storage/aws.ts';
import type { Db } from '../../storage/database.ts';
import { findProject, type ProjectRow } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { checkAttachments } from '../spaces/index.ts';
import { requireIntegration } from './aws-integrations.ts';
import { type AwsUse, externalIdFor, roleFor } from './aws-role.ts';
import { parseRegion } from './parse-aws.ts';

/** An integration as a project has it. */
export interface AwsAttachmentRecord {
  readonly id: string;
  readonly intentProject: string;
  readonly integrationId: string;
  readonly integrationName: string;
  readonly roleArn: string;
  readonly awsRegion: string;
  readonly durationSeconds: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly readExternalId: string;
  readonly writeExternalId: string;
}

export interface NewAwsAttachment {
  readonly intentProject: string;
  readonly integration: string;
  readonly read: boolean;
  readonly write: boolean;
  readonly awsRegion: string;
}

/** By name of the integration. */
export async function listAwsAttachments(context: DomainContext, project: string): Promise<AwsAttachmentRecord[]> {
  const [rows, integrations] = await context.storage.read(async (db) => {
    const found = await findAwsAttachments(db, { project });
    return [
      found,
      await findAwsIntegrationsById(
        db,
        found.map(({ integration }) => integration),
      ),
    ] as const;
  });
  const byIntegration = new Map(rows.map((row) => [row.integration, row]));
  return integrations.flatMap((integration) => {
    const row = byIntegration.get(integration.id);
    return row === undefined ? [] : [toRecord(context, integration, row)];
  });
}

/**
 * Attaches an integration, after the role was taken on for each use that it is to have.
 *
 * @throws BAD_INPUT; CONFLICT when another one has that use, or the project is out of reach of its space; what
 *   `AwsSessions.take` throws
 */
export async function attachAwsIntegration(
  context: DomainContext,
  request: Request,
  input: NewAwsAttachment,
): Promise<AwsAttachmentRecord> {
  const { intentProject, read: reads, write: writes } = input;
  if (!reads && !writes) throw badInput('read', 'must be true, or write must be: the project would get nothing');
  const region = parseRegion('awsRegion', input.awsRegion);
  const row: AwsAttachmentRow = {
    id: newUlid(),
    project: intentProject,
    integration: input.integration,
    region,
    reads,
    writes,
    createdAt: context.clock.now(),
  };
  const { integration, project } = await context.storage.read((db) => findEnds(db, row));
  for (const use of usesOf(row)) {
    await context.aws.take(roleFor(context, { integration, project, region, use }), { anew: true });
  }
  await context.storage.transaction(async (db) => {
    await refuseSecond(db, row);
    if (!(await insertAwsAttachment(db, row))) throw attachedAlready(integration.name, intentProject);
    await checkAttachments(db);
    await recordAudit(db, context, request, {
      action: 'intent-project.cloud-integration-attach',
      affected: { type: 'INTENT_PROJECT', id: intentProject },
      related: { type: 'AWS_INTEGRATION', id: integration.id },
      data: { region, read: reads, write: writes },
    });
  });
  return toRecord(context, integration, row);
}

export async function detachAwsIntegration(
  context: DomainContext,
  request: Request,
  { intentProject, integration: id }: { readonly intentProject: string; readonly integration: string },
): Promise<AwsAttachmentRecord> {
  return context.storage.transaction(async (db) => {
    const row = (await findAwsAttachments(db, { project: intentProject })).find(
      ({ integration }) => integration === id,
    );
    if (row === undefined) throw noSuch('awsIntegration of this project', id);
    const integration = await requireIntegration(db, id);
    await removeAwsAttachment(db, row.id);
    await recordAudit(db, context, request, {
      action: 'intent-project.cloud-integration-detach',
      affected: { type: 'INTENT_PROJECT', id: intentProject },
      related: { type: 'AWS_INTEGRATION', id },
    });
    return toRecord(context, integration, row);
  });
}

async function findEnds(
  db: Db,
  row: AwsAttachmentRow,
): Promise<{ integration: AwsIntegrationRow; project: ProjectRow }> {
  const project = await findProject(db, row.project);
  if (project === undefined) throw noSuch('intentProject', row.project);
  return { project, integration: await requireIntegration(db, row.integration) };
}

const usesOf = ({ reads, writes }: AwsAttachmentRow): AwsUse[] => [
  ...(reads ? (['read'] as const) : []),
  ...(writes ? (['write'] as const) : []),
];

/** Providers take one set of credentials, so each use has one role. */
async function refuseSecond(db: Db, row: AwsAttachmentRow): Promise<void> {
  const others = await findAwsAttachments(db, { project: row.project });
  const rival = others.find(
    (other) => other.integration !== row.integration && ((other.reads && row.reads) || (other.writes && row.writes)),
  );
  if (rival === undefined) return;
  const { name } = await requireIntegration(db, rival.integration);
  const use = rival.reads && row.reads ? 'reading' : 'writing';
  throw new AppError(
    'CONFLICT',
    `project ${row.project} has AWS integration ${JSON.stringify(name)} for ${use} already; detach that one first`,
  );
}

function attachedAlready(name: string, project: string): AppError {
  return new AppError(
    'CONFLICT',
    `AWS integration ${JSON.stringify(name)} is attached to project ${project} already; detach it to attach it differently`,
  );
}

function toRecord(context: DomainContext, integration: AwsIntegrationRow, row: AwsAttachmentRow): AwsAttachmentRecord {
  return {
    id: row.id,
    intentProject: row.project,
    integrationId: integration.id,
    integrationName: integration.name,
    roleArn: integration.roleArn,
    awsRegion: row.region,
    durationSeconds: integration.durationSeconds,
    read: row.reads,
    write: row.writes,
    readExternalId: externalIdFor(context, integration, row.project, 'read'),
    writeExternalId: externalIdFor(context, integration, row.project, 'write'),
  };
}
