import { spacesWith } from '../../shared/caller.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import {
  type AwsIntegrationRow,
  findAwsAttachments,
  findAwsIntegration as findRow,
  findAwsIntegrations,
  insertAwsIntegration,
  removeAwsIntegration,
  updateAwsIntegration as updateRow,
} from '../../storage/aws.ts';
import type { Db } from '../../storage/database.ts';
import { findSpace } from '../../storage/spaces.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { parseName } from '../parse-name.ts';
import {
  type AwsIntegrationInput,
  parseDuration,
  parseExternalId,
  parseRegion,
  parseRole,
  refuseUnknownWays,
} from './parse-aws.ts';

/** An integration as the API shows it. */
export interface AwsIntegrationRecord {
  readonly id: string;
  readonly name: string;
  readonly roleArn: string;
  readonly durationSeconds: number;
  readonly generateCredentialsInWorker: false;
  readonly externalId: string | undefined;
  readonly labels: readonly string[];
  readonly space: string;
  readonly region: string | undefined;
  readonly autoattachEnabled: false;
  readonly tagAssumeRole: boolean;
}

function toRecord({ createdAt: _created, updatedAt: _updated, ...row }: AwsIntegrationRow): AwsIntegrationRecord {
  return { ...row, generateCredentialsInWorker: false, autoattachEnabled: false };
}

/** In the spaces that the caller may read, by name. */
export async function listAwsIntegrations(
  context: DomainContext,
  { caller }: Request,
): Promise<AwsIntegrationRecord[]> {
  const rows = await context.storage.read((db) => findAwsIntegrations(db, spacesWith(caller, 'SPACE_READ')));
  return rows.map(toRecord);
}

/** Whoever asks has checked that the caller may read it. */
export async function findAwsIntegration(context: DomainContext, id: string): Promise<AwsIntegrationRecord | null> {
  const row = await context.storage.read((db) => findRow(db, { id }));
  return row === undefined ? null : toRecord(row);
}

/** Null when it is in a space that the caller may not read. */
export async function findAwsIntegrationByName(
  context: DomainContext,
  { caller }: Request,
  name: string,
): Promise<AwsIntegrationRecord | null> {
  const row = await context.storage.read((db) => findRow(db, { name }));
  return row === undefined || !spacesWith(caller, 'SPACE_READ').includes(row.space) ? null : toRecord(row);
}

/** @throws BAD_INPUT naming the field; CONFLICT for a taken name */
export async function createAwsIntegration(
  context: DomainContext,
  request: Request,
  input: AwsIntegrationInput,
): Promise<AwsIntegrationRecord> {
  const now = context.clock.now();
  const row = { ...parseInput(input), id: newUlid(), space: input.space ?? 'root', createdAt: now, updatedAt: now };
  return context.storage.transaction(async (db) => {
    if ((await findSpace(db, row.space)) === undefined)
      throw badInput('space', `no such space: ${JSON.stringify(row.space)}`);
    if (!(await insertAwsIntegration(db, row))) throw nameTaken(row.name);
    await recordChange(db, context, request, 'create', row);
    return toRecord(row);
  });
}

/** @throws BAD_INPUT naming the field; CONFLICT for a taken name */
export async function updateAwsIntegration(
  context: DomainContext,
  request: Request,
  { id, ...input }: AwsIntegrationInput & { readonly id: string },
): Promise<AwsIntegrationRecord> {
  const changes = { ...parseInput(input), updatedAt: context.clock.now() };
  return context.storage.transaction(async (db) => {
    const before = await requireIntegration(db, id);
    if ((input.space ?? before.space) !== before.space) {
      throw badInput('space', `must be ${before.space}: an integration stays in its space; make another one there`);
    }
    const namesake = await findRow(db, { name: changes.name });
    if (namesake !== undefined && namesake.id !== id) throw nameTaken(changes.name);
    const row = { ...before, ...changes };
    await updateRow(db, id, changes);
    await recordChange(db, context, request, 'update', row);
    return toRecord(row);
  });
}

/** @throws CONFLICT when it is attached */
export async function deleteAwsIntegration(
  context: DomainContext,
  request: Request,
  id: string,
): Promise<AwsIntegrationRecord> {
  return context.storage.transaction(async (db) => {
    const row = await requireIntegration(db, id);
    const attached = await findAwsAttachments(db, { integration: id });
    if (attached.length > 0) {
      const projects = attached.map(({ project }) => project).join(', ');
      throw new AppError(
        'CONFLICT',
        `AWS integration ${JSON.stringify(row.name)} is attached to ${projects}; detach it first`,
      );
    }
    await removeAwsIntegration(db, id);
    await recordChange(db, context, request, 'delete', row);
    return toRecord(row);
  });
}

export async function requireIntegration(db: Db, id: string): Promise<AwsIntegrationRow> {
  const row = await findRow(db, { id });
  if (row === undefined) throw noSuch('awsIntegration', id);
  return row;
}

function parseInput(input: AwsIntegrationInput) {
  refuseUnknownWays(input);
  const { region } = input;
  return {
    name: parseName(input.name),
    roleArn: parseRole(input.roleArn),
    externalId: parseExternalId(input.externalID),
    durationSeconds: parseDuration(input.durationSeconds),
    labels: [...(input.labels ?? [])],
    region: region === null || region === undefined || region === '' ? undefined : parseRegion('region', region),
    tagAssumeRole: input.tagAssumeRole ?? false,
  };
}

function nameTaken(name: string): AppError {
  return new AppError(
    'CONFLICT',
    `name: there is an AWS integration ${JSON.stringify(name)} already; choose another name`,
  );
}

async function recordChange(
  db: Db,
  context: DomainContext,
  request: Request,
  verb: 'create' | 'update' | 'delete',
  { id, name, roleArn, space }: AwsIntegrationRow,
): Promise<void> {
  await recordAudit(db, context, request, {
    action: `aws-integration.${verb}`,
    affected: { type: 'AWS_INTEGRATION', id },
    data: { name, roleArn, space },
  });
}
