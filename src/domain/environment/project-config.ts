import { createHash } from 'node:crypto';

import { unixSeconds } from '../../shared/clock.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import {
  type ConfigSize,
  type ConfigType,
  findProjectConfig,
  findProjectConfigByName,
  findVariablesAndSizes,
  insertProjectConfig,
  type ProjectConfigRow,
  removeProjectConfig,
  updateProjectConfig,
} from '../../storage/project-config.ts';
import { pinProject } from '../../storage/projects.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import { parseConfigName, plainConfigName } from './config-name.ts';
import { expandRows, valueOf } from './project-environment.ts';

/** A variable or file as it is asked for. */
export interface ConfigInput {
  readonly id: string;
  readonly type: ConfigType;
  /** A file's in base64; of a token, who is to believe it. */
  readonly value: string;
  readonly writeOnly: boolean;
  readonly description?: string | null | undefined;
}

/** A variable or file as it may be shown. */
export interface ConfigRecord {
  readonly id: string;
  readonly checksum: string;
  readonly type: ConfigType;
  readonly value: string | null;
  readonly writeOnly: boolean;
  readonly description: string;
  readonly createdAt: number;
}

const MAX_ELEMENTS = 200;
const MAX_VARIABLE_BYTES = 32 * 1024;
const MAX_FILE_BYTES = 2 * 1024 * 1024;
const MAX_FILES_BYTES = 8 * 1024 * 1024; // they travel to the provider's process and wait there with it
const MAX_DESCRIPTION_LENGTH = 1_000;
const AUDIENCE = /^[\x21-\x7e]{1,1000}$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export async function listConfig(context: DomainContext, project: string): Promise<ConfigRecord[]> {
  return (await context.storage.read((db) => findProjectConfig(db, project))).map(toRecord);
}

/** @throws BAD_INPUT naming the argument at fault, CONFLICT when there is one already, LIMIT_EXCEEDED */
export async function addConfig(
  context: DomainContext,
  request: Request,
  project: string,
  input: ConfigInput,
): Promise<ConfigRecord> {
  const parsed = parseConfig(input);
  const row = { ...parsed, id: newUlid(), project, createdAt: context.clock.now() };
  return change(context, request, { project, verb: 'config-add' }, async (db) => {
    if (!(await insertProjectConfig(db, row))) throw isThere(project, row.name);
    return row;
  });
}

/** @throws NO_SUCH, and as adding does */
export async function updateConfig(
  context: DomainContext,
  request: Request,
  project: string,
  input: ConfigInput,
): Promise<ConfigRecord> {
  const { name, ...parsed } = parseConfig(input);
  return change(context, request, { project, verb: 'config-update' }, async (db) => {
    const row = await requireConfig(db, project, name);
    if (row.type !== parsed.type)
      throw badInput('config.type', `${name} is of type ${row.type}; delete it and add it anew`);
    await updateProjectConfig(db, row.id, parsed);
    return { ...row, ...parsed };
  });
}

/** @throws NO_SUCH */
export function deleteConfig(
  context: DomainContext,
  request: Request,
  project: string,
  id: string,
): Promise<ConfigRecord> {
  return change(context, request, { project, verb: 'config-delete' }, async (db) => {
    const row = await requireConfig(db, project, plainConfigName(id));
    await removeProjectConfig(db, row.id);
    return row;
  });
}

interface Change {
  readonly project: string;
  readonly verb: string;
}

/** Changes one element, under the project's row lock so that limits hold, and says so in the audit trail: never a value. */
function change(
  context: DomainContext,
  request: Request,
  { project, verb }: Change,
  write: (db: Db) => Promise<ProjectConfigRow>,
): Promise<ConfigRecord> {
  return context.storage.transaction(async (db) => {
    if ((await pinProject(db, project)) === undefined) throw noSuch('intentProject', project);
    const row = await write(db);
    await requirePossible(db, project);
    await recordAudit(db, context, request, {
      action: `intent-project.${verb}`,
      affected: { type: 'INTENT_PROJECT', id: project },
      related: { type: 'INTENT_PROJECT_CONFIG', id: row.name },
      data: { type: row.type, writeOnly: row.writeOnly },
    });
    return toRecord(row);
  });
}

async function requireConfig(db: Db, project: string, name: string): Promise<ProjectConfigRow> {
  const row = await findProjectConfigByName(db, project, name);
  if (row === undefined) throw noSuch('variable or file', name);
  return row;
}

/** Sees that the environment can be made as it would be after a change. */
async function requirePossible(db: Db, project: string): Promise<void> {
  const [variables, files] = await findVariablesAndSizes(db, project);
  requireRoom(variables.length + files.length, files);
  requireFolders(files);
  expandRows(variables);
}

function parseConfig(input: ConfigInput): Omit<ProjectConfigRow, 'id' | 'project' | 'createdAt'> {
  const { type, writeOnly } = input;
  const name = parseConfigName(type, input.id);
  const description = input.description ?? '';
  if (description.length > MAX_DESCRIPTION_LENGTH) {
    throw badInput('config.description', `must have ${MAX_DESCRIPTION_LENGTH} characters at most`);
  }
  requireValue[type](input.value);
  const size = Buffer.byteLength(input.value, type === 'FILE_MOUNT' ? 'base64' : 'utf8');
  const checksum = createHash('sha256').update(input.value).digest('hex');
  return { name, type, value: Buffer.from(input.value), size, checksum, writeOnly, description };
}

const requireValue: Readonly<Record<ConfigType, (value: string) => void>> = {
  ENVIRONMENT_VARIABLE: requireVariableValue,
  FILE_MOUNT: requireFileValue,
  IDENTITY_TOKEN: requireAudience,
};

function requireVariableValue(value: string): void {
  if (['\0', '\r', '\n'].some((mark) => value.includes(mark))) {
    throw badInput(
      'config.value',
      'a variable has one line; mount a file for a text of several, and name it in a variable',
    );
  }
  if (Buffer.byteLength(value) > MAX_VARIABLE_BYTES) {
    throw badInput('config.value', `a variable has ${MAX_VARIABLE_BYTES / 1024} KiB at most; mount a file instead`);
  }
}

function requireFileValue(value: string): void {
  if (Buffer.byteLength(value, 'base64') > MAX_FILE_BYTES) {
    throw badInput('config.value', `a file has ${MAX_FILE_BYTES / 1024 / 1024} MiB at most`);
  }
  if (!BASE64.test(value)) throw badInput('config.value', 'the content of a file is sent in base64, with its padding');
}

function requireAudience(value: string): void {
  if (AUDIENCE.test(value)) return;
  throw badInput(
    'config.value',
    'the value of a token is its audience, such as sts.amazonaws.com: 1 to 1,000 characters without spaces',
  );
}

function requireRoom(count: number, files: readonly ConfigSize[]): void {
  if (count > MAX_ELEMENTS) throw full(`${MAX_ELEMENTS} variables and files`);
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_FILES_BYTES) throw full(`${MAX_FILES_BYTES / 1024 / 1024} MiB of files`);
}

/** A file may not lie where another one needs a folder. */
function requireFolders(files: readonly ConfigSize[]): void {
  const paths = files.map(({ name }) => name);
  const file = paths.find((path) => paths.some((other) => other.startsWith(`${path}/`)));
  if (file === undefined) return;
  throw new AppError('CONFLICT', `config.id: ${file} would be both a file and a folder of files; choose another path`);
}

function full(limit: string): AppError {
  return new AppError('LIMIT_EXCEEDED', `a project has ${limit} at most; delete what it no longer needs`);
}

function isThere(project: string, name: string): AppError {
  return new AppError('CONFLICT', `config.id: project ${project} has ${name} already; update it, or delete it first`, {
    details: { field: 'config.id' },
  });
}

function toRecord(row: ProjectConfigRow): ConfigRecord {
  const { name, checksum, type, writeOnly, description, createdAt } = row;
  const value = writeOnly ? null : valueOf(row);
  return { id: name, checksum, type, value, writeOnly, description, createdAt: unixSeconds(createdAt) };
}
