import type { DomainContext } from '../../domain/context.ts';
import { projectEnvironment } from '../../domain/environment/index.ts';
import type { LoadedType } from './loaded-type.ts';

/** A type as an operation of a project works with it: its provider gets what the project has for it now. */
export async function inProject(domain: DomainContext, loaded: LoadedType, project: string): Promise<LoadedType> {
  const { variables, files, secrets } = await projectEnvironment(domain, project);
  return { ...loaded, session: { ...loaded.session, environment: variables, files, secrets } };
}
