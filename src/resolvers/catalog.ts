import { catalogMutations, catalogProviders, catalogTypes } from '../../generated/catalog.ts';
import type { CatalogType } from '../../generated/catalog.ts';
import type { ProviderHitResolvers } from '../../generated/resolvers.ts';
import type { Json, JsonObject } from '../shared/json.ts';
import { toApiNames, toProviderNames } from './catalog-names.ts';
import type { ResolverContext } from './context.ts';

/** Arguments of every typed mutation; `config` is absent for types that take none. */
interface TypedArgs {
  readonly intentProject: string;
  readonly resourceID: string;
  readonly providerAlias?: string | null;
  readonly config?: JsonObject | null;
  readonly confirmation?: string | null;
  readonly wait?: number | null;
  readonly lockWait?: number | null;
}

interface TypedAnswer {
  readonly operation: { readonly state?: Json | null };
}

type TypedMutation = (root: unknown, args: TypedArgs, context: ResolverContext) => Promise<TypedAnswer>;
type ResourceField = (answer: TypedAnswer) => Json;

/** The typed mutations of all catalogued types: each is the generic one with the names of the API put back. */
export const catalogMutationResolvers: Readonly<Record<string, TypedMutation>> = Object.fromEntries(
  Object.entries(catalogMutations).map(([name, { verb, type }]) => [
    name,
    verb === 'create' ? creator(type) : updater(type),
  ]),
);

/** What the typed mutations answer with: `resource` is the operation's state in the names of the API. */
export const catalogOperationResolvers: Readonly<Record<string, { readonly resource: ResourceField }>> =
  Object.fromEntries(
    Object.values(catalogTypes).map((type) => [
      `Intent${type.name}Operation`,
      { resource: ({ operation }) => toApiNames(operation.state ?? null, type.fields) },
    ]),
  );

export const ProviderHit: ProviderHitResolvers = {
  catalogued: ({ id }) => catalogProviders.some(({ source }) => source === id),
};

function creator({ provider, type, version, fields }: CatalogType): TypedMutation {
  return async (_root, { config, ...args }, context) => ({
    operation: await context.intent.createResource(context, {
      ...args,
      provider,
      type,
      version, // the schema of the API is that of this version
      config: toProviderNames(config ?? {}, fields),
    }),
  });
}

function updater({ fields }: CatalogType): TypedMutation {
  return async (_root, { config, ...args }, context) => ({
    operation: await context.intent.updateResource(context, { ...args, config: toProviderNames(config ?? {}, fields) }),
  });
}
