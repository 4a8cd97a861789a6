import type { DomainContext } from '../../domain/context.ts';
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
  const [{ variables, files, secrets }, config] = await Promise.all([
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
  const session = {
    ...loaded.session,
    configuration: configuration.bytes,
    environment: provider === builtInAddress ? { ...variables, ...ownFolder(project) } : variables,
    files,
    secrets: [...secrets, ...configuration.secrets],
  };
  return { ...loaded, session };
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
