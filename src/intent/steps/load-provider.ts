import { invariant } from '../../shared/errors.ts';
import { inProject } from '../provider/in-project.ts';
import { loadType, type TypeName } from '../provider/load-type.ts';
import { fact, type Run } from '../run.ts';

/** Gets the provider of the type that was asked for ready. */
export async function loadProvider(run: Run): Promise<void> {
  const { provider, version, type } = run.ask;
  invariant(provider !== undefined && type !== undefined, 'a new resource has a provider and a type');
  const name = { provider, version, type, kind: 'RESOURCE' } as const;
  await loadInProject(run, name);
}

/** Gets the provider of an existing resource ready, in the version that the resource is of. */
export async function loadOwnProvider(run: Run): Promise<void> {
  const { provider, version, type } = fact(run, 'resource');
  const name = { provider, version, type, kind: 'RESOURCE' } as const;
  await loadInProject(run, name);
}

async function loadInProject(run: Run, name: TypeName): Promise<void> {
  const { domain } = run.engine;
  const loaded = await loadType(domain, run.request, name);
  run.facts.loaded = await inProject(domain, loaded, run.ask.project, aliasOf(run));
}

/** Which of the provider's configurations an operation uses: a new object's caller says, an old one remembers. */
export function aliasOf({ ask, facts: { resource } }: Run): string | undefined {
  const isNew = ask.kind === 'CREATE' || ask.kind === 'IMPORT' || resource === undefined;
  return isNew ? ask.providerAlias : resource.providerAlias;
}
