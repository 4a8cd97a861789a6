import type { Db } from './database.ts';
import { AwsAttachmentEntity, AwsIntegrationEntity } from './entities/aws.ts';
import { type Row, tableOf } from './table.ts';

export type AwsIntegrationRow = Row<typeof AwsIntegrationEntity>;
export type AwsAttachmentRow = Row<typeof AwsAttachmentEntity>;

const integrations = tableOf(AwsIntegrationEntity);
const attachments = tableOf(AwsAttachmentEntity);

/** By name. */
export function findAwsIntegrations(db: Db, spaces: readonly string[]): Promise<AwsIntegrationRow[]> {
  return integrations.find(db, { space: { $in: [...spaces] } }, { orderBy: { name: 'asc' } });
}

export function findAwsIntegration(
  db: Db,
  by: { id: string } | { name: string },
): Promise<AwsIntegrationRow | undefined> {
  return integrations.findOne(db, by);
}

export function findAwsIntegrationsById(db: Db, ids: readonly string[]): Promise<AwsIntegrationRow[]> {
  return integrations.find(db, { id: { $in: [...ids] } }, { orderBy: { name: 'asc' } });
}

/** @returns false when the name is taken */
export function insertAwsIntegration(db: Db, row: AwsIntegrationRow): Promise<boolean> {
  return integrations.insertUnlessTaken(db, row);
}

export async function updateAwsIntegration(db: Db, id: string, changes: Partial<AwsIntegrationRow>): Promise<void> {
  await integrations.update(db, id, changes);
}

export async function removeAwsIntegration(db: Db, id: string): Promise<void> {
  await integrations.remove(db, { id });
}

export function findAwsAttachments(
  db: Db,
  of: { project: string } | { integration: string },
): Promise<AwsAttachmentRow[]> {
  return attachments.find(db, of, { orderBy: { id: 'asc' } });
}

/** @returns false when the integration is attached to the project already */
export function insertAwsAttachment(db: Db, row: AwsAttachmentRow): Promise<boolean> {
  return attachments.insertUnlessTaken(db, row);
}

export async function removeAwsAttachment(db: Db, id: string): Promise<void> {
  await attachments.remove(db, { id });
}
