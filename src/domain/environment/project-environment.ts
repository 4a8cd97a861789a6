import { AppError } from '../../shared/errors.ts';
import { findProjectConfig, type ProjectConfigRow } from '../../storage/project-config.ts';
import type { DomainContext } from '../context.ts';
import { expandVariables } from './expand-variables.ts';
import { fileSecrets } from './file-secrets.ts';
import { isReservedName } from './reserved-name.ts';

/** What a project's providers get. */
export interface ProjectEnvironment {
  readonly variables: Readonly<Record<string, string>>;
  /** Contents by path below the place where files are mounted. */
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Who is to believe each token that is mounted, by the path of its file. */
  readonly audiences: Readonly<Record<string, string>>;
  /** Values that may not be shown, in text of a provider either. */
  readonly secrets: readonly string[];
}

/**
 * The environment as it is now; an operation keeps the one that it began with.
 *
 * @throws CONFLICT when a variable has a name that may not be set
 */
export function projectEnvironment(context: DomainContext, project: string): Promise<ProjectEnvironment> {
  return context.storage.read(async (db) => environmentOf(await findProjectConfig(db, project)));
}

function environmentOf(rows: readonly ProjectConfigRow[]): ProjectEnvironment {
  const variables = rows.filter(({ type }) => type === 'ENVIRONMENT_VARIABLE');
  const files = rows.filter(({ type }) => type === 'FILE_MOUNT');
  const tokenFiles = rows.filter(({ type }) => type === 'IDENTITY_TOKEN');
  requireOpenNames(variables);
  const expanded = expandRows(variables);
  const secret = variables.filter(({ writeOnly }) => writeOnly).map((row) => [valueOf(row), expanded.get(row.name)]);
  const parts = files.filter(({ writeOnly }) => writeOnly).flatMap((row) => fileSecrets(contentOf(row)));
  return {
    variables: Object.fromEntries(expanded),
    files: Object.fromEntries(files.map((row) => [row.name, contentOf(row)])),
    audiences: Object.fromEntries(tokenFiles.map((row) => [row.name, valueOf(row)])),
    secrets: [...new Set([...secret.flat(), ...parts].filter((value) => value !== undefined))],
  };
}

/** Names are checked when they are saved, but a variable may have been saved when its name was still possible. */
function requireOpenNames(variables: readonly ProjectConfigRow[]): void {
  const reserved = variables.map(({ name }) => name).filter(isReservedName);
  if (reserved.length === 0) return;
  throw new AppError(
    'CONFLICT',
    `the project has variables that decide how programs run and may not reach a provider: ${reserved.join(', ')}; ` +
      'delete them with intentProjectConfigDelete(intentProject, id)',
  );
}

function contentOf(row: ProjectConfigRow): Buffer {
  return Buffer.from(valueOf(row), 'base64');
}

/** The variables as providers get them. @throws CONFLICT, LIMIT_EXCEEDED when they cannot be made */
export function expandRows(variables: readonly ProjectConfigRow[]): Map<string, string> {
  return expandVariables(new Map(variables.map((row) => [row.name, valueOf(row)])));
}

/** As it was sent. */
export function valueOf({ value }: ProjectConfigRow): string {
  return Buffer.from(value).toString();
}
