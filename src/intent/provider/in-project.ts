import type { DomainContext } from '../../domain/context.ts';
import { type AwsUse, cloudEnvironment, mountedTokens, soonest } from '../../domain/cloud/index.ts';
import { projectEnvironment } from '../../domain/environment/index.ts';
import type { ProviderSession } from '../../executor/index.ts';
import { builtInAddress } from '../../providers/index.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import { providerConfig } from '../provider-configs/provider-configs.ts';
import { sessionConfiguration } from '../provider-configs/session-configuration.ts';
import { type LoadedType, providerName } from './loaded-type.ts';

/** A type as an operation of a project works with it: its provider gets what the project has for it now. */
export async function inProject(
  domain: DomainContext,
  loaded: LoadedType,
  project: string,
  alias: string | undefined,
): Promise<LoadedType> {
  const provider = loaded.binary.address;
  const [{ variables, files, audiences, secrets }, config] = await Promise.all([
    projectEnvironment(domain, project),
    providerConfig(domain, { project, provider, alias: alias ?? '' }),
  ]);
  if (config === undefined && alias !== undefined) throw noConfiguration(project, provider, alias);
  const configuration = sessionConfiguration(loaded.provider, {
    provider: providerName(loaded),
    project,
    config,
    hasVariables: Object.keys(variables).length > 0,
  });
  const own = provider === builtInAddress ? { ...variables, ...ownFolder(project) } : variables;
  const session = {
    ...loaded.session,
    configuration: configuration.bytes,
    environment: own,
    files,
    secrets: [...secrets, ...configuration.secrets],
  };
  return withCredentials(domain, { ...loaded, session, audiences }, project, 'read');
}

/** The same with credentials for changes, as the project's cloud accounts give them. */
export function forChanges(domain: DomainContext, loaded: LoadedType, project: string): Promise<LoadedType> {
  return withCredentials(domain, loaded, project, 'write');
}

interface Given {
  readonly session: ProviderSession;
  readonly renewAt: Date | undefined;
}

/** A type lives as long as its operation or change set, credentials live shorter: each call gets what is good by then. */
async function withCredentials(
  domain: DomainContext,
  loaded: LoadedType,
  project: string,
  use: AwsUse,
): Promise<LoadedType> {
  let given = await giveCredentials(domain, loaded, project, use);
  const freshSession = async (): Promise<ProviderSession> => {
    const { renewAt } = given;
    if (renewAt !== undefined && domain.clock.now() >= renewAt) {
      given = await beforeCall(giveCredentials(domain, loaded, project, use));
    }
    return given.session;
  };
  return { ...loaded, freshSession };
}

/** What a cloud account gives goes before a variable of that name: two ways in at once would be a mixture of both. */
async function giveCredentials(
  domain: DomainContext,
  { session, audiences = {}, binary }: LoadedType,
  project: string,
  use: AwsUse,
): Promise<Given> {
  const [cloud, tokens] = await Promise.all([
    cloudEnvironment(domain, { project, provider: binary.address, use }),
    mountedTokens(domain, audiences, { project, use }),
  ]);
  const environment = { ...session.environment, ...cloud.variables };
  const files = { ...session.files, ...tokens.files };
  const secrets = [...(session.secrets ?? []), ...cloud.secrets, ...tokens.secrets];
  const { advice } = cloud;
  const given = { ...session, environment, files, secrets, ...(advice === undefined ? {} : { advice }) };
  return { session: given, renewAt: soonest([cloud.renewAt, tokens.renewAt]) };
}

/** Whatever keeps credentials away, the provider was not told to act: nobody need find out what it did. */
async function beforeCall<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const details = { ...error.details, mayHaveActed: false };
    throw new AppError(error.code, error.message, { details, cause: error });
  }
}

/** Files of the sandbox are reached by their path alone: each project has a folder, or it could take those of others. */
function ownFolder(project: string): Readonly<Record<string, string>> {
  return { SLUICE_SANDBOX_PROJECT: project };
}

function noConfiguration(project: string, provider: string, alias: string): Error {
  return badInput(
    'providerAlias',
    `project ${project} has no configuration ${alias} of ${provider}; set it with ` +
      'intentProviderConfigSet(intentProject, provider, alias, config), or leave providerAlias out',
  );
}
