import type { DomainContext } from '../../domain/context.ts';
import { type AwsUse, cloudEnvironment, mountedTokens } from '../../domain/cloud/index.ts';
import { projectEnvironment } from '../../domain/environment/index.ts';
import { builtInAddress } from '../../providers/index.ts';
import { badInput } from '../../shared/errors.ts';
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
  return withCloud(domain, { ...loaded, session, audiences }, project, 'read');
}

/** The same with credentials for changes, as the project's cloud accounts give them. */
export function forChanges(domain: DomainContext, loaded: LoadedType, project: string): Promise<LoadedType> {
  return withCloud(domain, loaded, project, 'write');
}

/** What a cloud account gives goes before a variable of that name: two ways in at once would be a mixture of both. */
async function withCloud(domain: DomainContext, loaded: LoadedType, project: string, use: AwsUse): Promise<LoadedType> {
  const { session, audiences = {} } = loaded;
  const [cloud, tokens] = await Promise.all([
    cloudEnvironment(domain, { project, provider: loaded.binary.address, use }),
    mountedTokens(domain, audiences, { project, use }),
  ]);
  const added = [...cloud.secrets, ...tokens.secrets];
  if (added.length === 0) return loaded;
  const environment = { ...session.environment, ...cloud.variables };
  const files = { ...session.files, ...tokens.files };
  return { ...loaded, session: { ...session, environment, files, secrets: [...(session.secrets ?? []), ...added] } };
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
