import picomatch from 'picomatch';

import type { ResourceSchema } from '../../providers/index.ts';
import type { SourceFile, Sources } from '../read-sources.ts';
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
  /** SDL of all catalogued types, one text a snapshot. */
  readonly sources: readonly SourceFile[];
}

const numbers: SourceFile = {
  path: 'schema/providers/catalog.yaml',
  text: '"A number of any size: a JSON number, or its digits as text where a JSON number would lose some. Both are taken as input."\nscalar Decimal\n',
};

/** @throws CodegenRefused for what the snapshots lack and for names that are taken */
export function buildCatalog({ catalog, snapshots }: Sources, sdl: Sdl): Catalog {
  if (catalog === undefined) return { providers: [], types: [], sources: [] };
  const known = new Map(snapshots.map(readSnapshot).map((snapshot) => [snapshot.provider, snapshot]));
  const builder = new CatalogBuilder(sdl);
  const entries = readCatalog(catalog);
  const sources = entries.map((entry) => builder.add(entry, known.get(entry.source)));
  refuseAll(builder.refusals);
  const providers = entries.map(({ source, version }) => ({
    source,
    constraint: version,
    version: known.get(source)?.version ?? '',
  }));
  return { providers, types: builder.types, sources: builder.types.length === 0 ? [] : [numbers, ...sources] };
}

function mutationsOf(type: string): string[] {
  return [`intent${pascalCase(type)}Create`, `intent${pascalCase(type)}Update`];
}

class CatalogBuilder {
  readonly types: CatalogType[] = [];
  readonly refusals: Refusal[] = [];
  /** Name of a type or mutation in the API -> what has it. */
  private readonly taken: Map<string, string>;

  constructor(sdl: Sdl) {
    const names = [...Object.keys(sdl.schema.getTypeMap()), ...(sdl.objects.get('Mutation')?.fields.keys() ?? [])];
    this.taken = new Map(names.map((name) => [name, 'the schema']));
    this.taken.set('Decimal', 'the catalog');
  }

  add(entry: CatalogEntry, snapshot: Snapshot | undefined): SourceFile {
    const path = snapshot?.path ?? entry.where;
    if (snapshot === undefined) {
      this.refuse(
        entry.where,
        `there is no snapshot of ${entry.source}: run \`npx sluice providers add ${entry.source}\``,
      );
      return { path, text: '' };
    }
    this.chosen(entry.dataSources, Object.keys(snapshot.dataSources), 'data source');
    const types = this.chosen(entry.resources, Object.keys(snapshot.resources), 'resource type');
    const parts = types.flatMap(([type, where]) => {
      const schema = snapshot.resources[type];
      return schema === undefined ? [] : [this.addType(type, schema, snapshot, where)];
    });
    return { path, text: parts.join('\n') };
  }

  private addType(type: string, schema: ResourceSchema, { provider, version }: Snapshot, where: string): string {
    const { sdl, names, fields, problems } = printResource(type, schema, provider);
    const owner = `${type} of ${provider}`;
    for (const problem of problems)
      this.refuse(where, `${problem}: leave ${type} out of the catalog; it stays usable by intentResourceCreate`);
    for (const name of [...names, ...mutationsOf(type)]) {
      const other = this.taken.get(name);
      if (other !== undefined)
        this.refuse(
          where,
          `${owner} would have the name ${name} in the API, which ${other} has already: leave one out`,
        );
      this.taken.set(name, owner);
    }
    this.types.push({ provider, version, type, name: pascalCase(type), fields });
    return sdl;
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
