import type { Catalog, CatalogType } from '../catalog/build-catalog.ts';
import { stamp } from './stamp.ts';

/** generated/catalog.ts: what one resolver needs to serve the typed mutations of all catalogued types. */
export function printCatalog({ providers, types }: Catalog): string {
  return `${stamp('schema/providers/catalog.yaml and its snapshots')}
/**
 * API name of an attribute -> its name at the provider, where they differ; with the names below it, where there are
 * any. What is absent has one name in both.
 */
export type FieldNames = { readonly [field: string]: string | readonly [name: string, below: FieldNames] };

export interface CatalogType {
  /** Address of the provider. */
  readonly provider: string;
  /** Exact version whose schema the API follows. */
  readonly version: string;
  /** Resource type at the provider. */
  readonly type: string;
  /** Name of the resource's type in the API. */
  readonly name: string;
  readonly fields: FieldNames;
}

export interface CatalogProvider {
  /** Address. */
  readonly source: string;
  /** Versions that may run, such as \`~> 0.14\`. */
  readonly constraint: string;
  /** The version whose schema the API follows. */
  readonly version: string;
}

export const catalogProviders: readonly CatalogProvider[] = [
${providers.map((provider) => `  ${JSON.stringify(provider)},`).join('\n')}
];

/** By name: \`intent<Name>Create\` and \`intent<Name>Update\` are its mutations, \`Intent<Name>Operation\` their answer. */
export const catalogTypes: Readonly<Record<string, CatalogType>> = {
${types.map(printType).join('\n')}
};

/** By name of the mutation. */
export const catalogMutations: Readonly<Record<string, { readonly verb: 'create' | 'update'; readonly type: CatalogType }>> =
  Object.fromEntries(
    Object.values(catalogTypes).flatMap((type) => [
      [\`intent\${type.name}Create\`, { verb: 'create', type }],
      [\`intent\${type.name}Update\`, { verb: 'update', type }],
    ]),
  );
`;
}

function printType({ name, ...rest }: CatalogType): string {
  const { provider, version, type, fields } = rest;
  return `  ${name}: ${JSON.stringify({ provider, version, type, name, fields })},`;
}
