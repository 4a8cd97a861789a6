import type { Db } from './database.ts';
import { type ConfigType, ProjectConfigEntity, ProviderConfigEntity } from './entities/project-config.ts';
import { type Row, tableOf } from './table.ts';

export type { ConfigType };
export type ProjectConfigRow = Row<typeof ProjectConfigEntity>;
export type ProviderConfigRow = Row<typeof ProviderConfigEntity>;

/** How large a file is, in bytes of its content. */
export type ConfigSize = Pick<ProjectConfigRow, 'id' | 'name' | 'size'>;

const configs = tableOf(ProjectConfigEntity, ['value']);
const providerConfigs = tableOf(ProviderConfigEntity, ['config']);

/** By name. */
export function findProjectConfig(db: Db, project: string): Promise<ProjectConfigRow[]> {
  return configs.find(db, { project }, { orderBy: { name: 'asc' } });
}

/** Without the contents of files, which may be megabytes. */
export async function findVariablesAndSizes(db: Db, project: string): Promise<[ProjectConfigRow[], ConfigSize[]]> {
  const variables = await configs.find(db, { project, type: 'ENVIRONMENT_VARIABLE' }, { orderBy: { name: 'asc' } });
  const fields = ['id', 'name', 'type', 'size'] as const;
  const files = { project, type: { $in: ['FILE_MOUNT', 'IDENTITY_TOKEN'] as const } };
  return [variables, await configs.find(db, files, { orderBy: { name: 'asc' }, fields })];
}

export function findProjectConfigByName(db: Db, project: string, name: string): Promise<ProjectConfigRow | undefined> {
  return configs.findOne(db, { project, name });
}

/** @returns false when the project has one of this name */
export function insertProjectConfig(db: Db, row: ProjectConfigRow): Promise<boolean> {
  return configs.insertUnlessTaken(db, row);
}

export async function updateProjectConfig(db: Db, id: string, changes: Partial<ProjectConfigRow>): Promise<void> {
  await configs.update(db, id, changes);
}

export async function removeProjectConfig(db: Db, id: string): Promise<void> {
  await configs.remove(db, { id });
}

/** By provider and name. */
export function findProviderConfigs(db: Db, project: string): Promise<ProviderConfigRow[]> {
  return providerConfigs.find(db, { project }, { orderBy: { provider: 'asc', alias: 'asc' } });
}

/** @param name alias is empty for the configuration without a name */
export function findProviderConfig(
  db: Db,
  { project, provider, alias }: Pick<ProviderConfigRow, 'project' | 'provider' | 'alias'>,
): Promise<ProviderConfigRow | undefined> {
  return providerConfigs.findOne(db, { project, provider, alias });
}

/** Adds it, or changes the one with this id. Two writers of one name are kept apart by the project's row. */
export async function saveProviderConfig(db: Db, row: ProviderConfigRow): Promise<void> {
  const { id, config, updatedAt } = row;
  if (!(await providerConfigs.update(db, id, { config, updatedAt }))) await providerConfigs.insert(db, row);
}

export async function removeProviderConfig(db: Db, id: string): Promise<void> {
  await providerConfigs.remove(db, { id });
}
