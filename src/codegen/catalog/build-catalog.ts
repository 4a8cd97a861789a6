import picomatch from 'picomatch';

import type { ResourceSchema } from '../../providers/index.ts';
import type { Sources } from '../read-sources.ts';
import { didYouMean, refuseAll, type Refusal } from '../refusals.ts';
import type { Sdl } from '../sdl.ts';
import { pascalCase } from './names.ts';
import { readCatalog, type CatalogEntry, type CatalogGlob } from './read-catalog.ts';
import { readSnapshot, type Snapshot } from './read-snapshot.ts';
import { printResource, type FieldNames } from './resource-text.ts';

/** A resource type that is in the API by name. */
export interface CatalogType {
  readonly provider: string;
  readonly version: string;
  readonly type: string;
  /** `SandboxPet` */
  readonly name: string;
  readonly fields: FieldNames;
}

export interface CatalogProvider {
  readonly source: string;
  readonly constraint: string;
  /** The version whose schema the snapshot holds. */
  readonly version: string;
}

export interface Catalog {
  readonly providers: readonly CatalogProvider[];
  readonly types: readonly CatalogType[];
  readonly sdl: CatalogSdl;
}

/**
 * The catalog's part of the schema as text, by name. It never becomes a syntax tree or a schema here: a large provider
 * has thousands of types, and they would cost half a gigabyte.
 */
export interface CatalogSdl {
  readonly types: ReadonlyMap<string, string>;
  /** Fields of the type Mutation. */
  readonly mutations: ReadonlyMap<string, string>;
}

const decimal = `"""
A number of any size: a JSON number, or its digits as text where a JSON number would lose some. Both are taken as input.
"""
scalar Decimal`;

/** @throws CodegenRefused for what the snapshots lack and for names that are taken */
export function buildCatalog({ catalog, snapshots }: Sources, sdl: Sdl): Catalog {
  if (catalog === undefined) return { providers: [], types: [], sdl: { types: new Map(), mutations: new Map() } };
  const known = new Map(snapshots.map(readSnapshot).map((snapshot) => [snapshot.provider, snapshot]));
  const builder = new CatalogBuilder(sdl);
  const entries = readCatalog(catalog);
  for (const entry of entries) builder.add(entry, known.get(entry.source));
  refuseAll(builder.refusals);
  const providers = entries.map(({ source, version }) => ({
    source,
    constraint: version,
    version: known.get(source)?.version ?? '',
  }));
  return { providers, types: builder.types, sdl: { types: builder.texts, mutations: builder.mutations } };
}

class CatalogBuilder {
  readonly types: CatalogType[] = [];
  readonly refusals: Refusal[] = [];
  readonly texts = new Map([['Decimal', decimal]]);
  readonly mutations = new Map<string, string>();
  /** Name of a type or mutation in the API -> what has it. */
  private readonly taken: Map<string, string>;

  constructor(sdl: Sdl) {
    const names = [...Object.keys(sdl.schema.getTypeMap()), ...(sdl.objects.get('Mutation')?.fields.keys() ?? [])];
    this.taken = new Map(names.map((name) => [name, 'the schema']));
    this.taken.set('Decimal', 'the catalog');
  }

  add(entry: CatalogEntry, snapshot: Snapshot | undefined): void {
    if (snapshot === undefined) {
      const what = `there is no snapshot of ${entry.source}`;
      return this.refuse(entry.where, `${what}: run \`npx sluice providers add ${entry.source}\``);
    }
    this.chosen(entry.dataSources, Object.keys(snapshot.dataSources), 'data source');
    for (const [type, where] of this.chosen(entry.resources, Object.keys(snapshot.resources), 'resource type')) {
      const schema = snapshot.resources[type];
      if (schema !== undefined) this.addType(type, schema, snapshot, where);
    }
  }

  private addType(type: string, schema: ResourceSchema, { provider, version }: Snapshot, where: string): void {
    const { types, mutations, fields, problems } = printResource(type, schema, provider);
    for (const problem of problems) {
      this.refuse(where, `${problem}: leave ${type} out of the catalog; it stays usable by intentResourceCreate`);
    }
    for (const name of [...types.keys(), ...mutations.keys()]) this.take(name, `${type} of ${provider}`, where);
    for (const [name, text] of types) this.texts.set(name, text);
    for (const [name, text] of mutations) this.mutations.set(name, text);
    this.types.push({ provider, version, type, name: pascalCase(type), fields });
  }

  private take(name: string, owner: string, where: string): void {
    const other = this.taken.get(name);
    if (other !== undefined) {
      this.refuse(where, `${owner} would have the name ${name} in the API, which ${other} has already: leave one out`);
    }
    this.taken.set(name, owner);
  }

  /** Types that the globs name, each with the place of the glob that names it first. */
  private chosen(globs: readonly CatalogGlob[], types: readonly string[], what: string): [string, string][] {
    const chosen = new Map<string, string>();
    for (const { glob, where } of globs) {
      const matches = picomatch(glob);
      const found = types.filter((type) => matches(type));
      if (found.length === 0)
        this.refuse(where, `the snapshot has no ${what} ${JSON.stringify(glob)}${didYouMean(glob, types)}`);
      for (const type of found) if (!chosen.has(type)) chosen.set(type, where);
    }
    return [...chosen].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  private refuse(where: string, message: string): void {
    this.refusals.push({ where, message });
  }
}
