import type { DomainContext, Request } from '../../domain/context.ts';
import { recordAudit } from '../../domain/audit/index.ts';
import { projectEnvironment } from '../../domain/environment/index.ts';
import {
  builtInAddress,
  conform,
  encodeValue,
  formatAddress,
  impliedType,
  parseAddress,
} from '../../providers/index.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { AppError, badInput, noSuch } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { errorsOf, formatProblem, listItem } from '../../shared/problems.ts';
import type { Db } from '../../storage/database.ts';
import {
  findProviderConfig,
  findProviderConfigs,
  type ProviderConfigRow,
  removeProviderConfig,
  saveProviderConfig,
} from '../../storage/project-config.ts';
import { pinProject } from '../../storage/projects.ts';
import { countUsers } from '../../storage/resources.ts';
import type { Engine } from '../engine.ts';
import { packRecord, readConfig, readShown } from '../journal/stored.ts';
import { redactJson } from '../plan/redact-json.ts';
import { findProgram, type Program } from '../provider/load-type.ts';
import { tidyProblems } from '../provider/provider-words.ts';
import { guardBlock } from './guard-block.ts';
import { parseAlias } from './parse-alias.ts';
import { secretTexts } from './session-configuration.ts';

/** A provider's configuration in a project as it may be shown. */
export interface ProviderConfigView {
  readonly provider: string;
  readonly alias: string | null;
  readonly config: Json;
  readonly redacted: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ProviderConfigName {
  readonly intentProject: string;
  readonly provider: string;
  readonly alias?: string | null | undefined;
}

export interface ProviderConfigInput extends ProviderConfigName {
  readonly version?: string | null | undefined;
  readonly config: Json;
}

const MAX_CONFIG_BYTES = 64 * 1024;
const MAX_CONFIGS = 50;

/**
 * Configures a provider for a project, once the provider has found nothing wrong with it.
 *
 * @throws BAD_INPUT when it does not fit the provider's schema, PROVIDER_REFUSED when the provider does not want it
 */
export async function setProviderConfig(
  engine: Engine,
  request: Request,
  input: ProviderConfigInput,
): Promise<ProviderConfigView> {
  const { domain } = engine;
  const name = parseName(input);
  const config = parseConfig(name.provider, input.config);
  const program = await findProgram(domain, request, name.provider, input.version ?? undefined);
  await checkWithProvider(engine, program, name.project, config);
  const { value, paths } = redactJson(guardBlock(program.configuration), config);
  const at = domain.clock.now();
  const sealed = packRecord({ config, shown: { value, redacted: paths } });
  return domain.storage.transaction(async (db) => {
    const known = await pinConfigs(db, name.project);
    const before = known.find(({ provider, alias }) => provider === name.provider && alias === name.alias);
    if (before === undefined && known.length >= MAX_CONFIGS) throw full(name.project);
    const { id, createdAt } = before ?? { id: newUlid(), createdAt: at };
    const row = { ...name, id, config: sealed, createdAt, updatedAt: at };
    await saveProviderConfig(db, row);
    await audit(db, domain, request, row, 'provider-config-set');
    return toView(row);
  });
}

/** @throws NO_SUCH, CONFLICT while resources use it by its name */
export function deleteProviderConfig(
  { domain }: Engine,
  request: Request,
  input: ProviderConfigName,
): Promise<ProviderConfigView> {
  const name = parseName(input);
  return domain.storage.transaction(async (db) => {
    await pinConfigs(db, name.project);
    const row = await findProviderConfig(db, name);
    if (row === undefined) throw noSuch('provider configuration', [name.provider, name.alias].join(' ').trim());
    const users = name.alias === '' ? 0 : await countUsers(db, name.project, name.provider, name.alias);
    if (users > 0) throw inUse(name, users);
    await removeProviderConfig(db, row.id);
    await audit(db, domain, request, row, 'provider-config-delete');
    return toView(row);
  });
}

export async function listProviderConfigs({ domain }: Engine, project: string): Promise<ProviderConfigView[]> {
  return (await domain.storage.read((db) => findProviderConfigs(db, project))).map(toView);
}

/** What is set for a provider; undefined when nothing is. */
export async function providerConfig(
  domain: DomainContext,
  name: { readonly project: string; readonly provider: string; readonly alias: string },
): Promise<JsonObject | undefined> {
  const row = await domain.storage.read((db) => findProviderConfig(db, name));
  return row === undefined ? undefined : readConfig(row.config);
}

function parseName({ intentProject: project, provider, alias }: ProviderConfigName) {
  return { project, provider: formatAddress(parseAddress(provider)), alias: parseAlias(alias, 'alias') ?? '' };
}

function parseConfig(provider: string, config: Json): JsonObject {
  if (!isJsonObject(config)) throw badInput('config', "must be an object of the provider's arguments");
  if (Buffer.byteLength(JSON.stringify(config)) > MAX_CONFIG_BYTES) {
    throw badInput('config', `has ${MAX_CONFIG_BYTES / 1024} KiB at most; mount large parts as files`);
  }
  // Its folder is the server's own: with another one a project would write wherever the server may.
  if (provider === builtInAddress && Object.hasOwn(config, 'root')) {
    throw badInput(
      'config.root',
      'the folder of the sandbox is chosen by the server and cannot be moved; leave it out',
    );
  }
  return config;
}

async function checkWithProvider(
  { domain, limits }: Engine,
  { binary, configuration, schemaOptional }: Program,
  project: string,
  config: JsonObject,
): Promise<void> {
  const { value, problems } = conform(config, configuration);
  const misfits = errorsOf(problems);
  const lines = misfits.map((problem) => listItem(`config.${formatProblem(problem)}`));
  const details = { field: 'config' };
  if (misfits.length > 0)
    throw new AppError('BAD_INPUT', [`config does not fit ${binary.address}:`, ...lines].join('\n'), { details });
  const { variables: environment, files, secrets } = await projectEnvironment(domain, project);
  const session = {
    binary,
    configuration: encodeValue(value, impliedType(configuration)),
    environment,
    files,
    schemaOptional,
    secrets: [...secrets, ...secretTexts(configuration, value)],
  };
  const answer = await domain.executor.validateProviderConfig(session, { timeoutMs: limits.callMs });
  const said = errorsOf(tidyProblems(answer.problems, []));
  if (said.length === 0) return;
  const reasons = said.map((problem) => listItem(`config.${formatProblem(problem)}`));
  const lead = `provider ${binary.address} ${binary.version} refused this configuration:`;
  throw new AppError('PROVIDER_REFUSED', [lead, ...reasons].join('\n'), { details: { ...details, problems: said } });
}

async function pinConfigs(db: Db, project: string): Promise<ProviderConfigRow[]> {
  if ((await pinProject(db, project)) === undefined) throw noSuch('intentProject', project);
  return findProviderConfigs(db, project);
}

function audit(
  db: Db,
  domain: DomainContext,
  request: Request,
  { project, provider, alias }: ProviderConfigRow,
  verb: string,
): Promise<void> {
  return recordAudit(db, domain, request, {
    action: `intent-project.${verb}`,
    affected: { type: 'INTENT_PROJECT', id: project },
    related: { type: 'PROVIDER', id: provider },
    data: { alias },
  });
}

function full(project: string): AppError {
  return new AppError(
    'LIMIT_EXCEEDED',
    `project ${project} has ${MAX_CONFIGS} provider configurations, the most it may`,
  );
}

function inUse({ project, provider, alias }: { project: string; provider: string; alias: string }, users: number) {
  return new AppError(
    'CONFLICT',
    `${users} resources of project ${project} use the configuration ${alias} of ${provider}: delete or eject them first`,
  );
}

function toView({ provider, alias, config, createdAt, updatedAt }: ProviderConfigRow): ProviderConfigView {
  const { value, redacted } = readShown(config);
  return {
    provider,
    alias: alias === '' ? null : alias,
    config: value,
    redacted,
    createdAt: unixSeconds(createdAt),
    updatedAt: unixSeconds(updatedAt),
  };
}
