import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One written file: where it lies below the root of the project, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Everything that people (or `sluice providers`) write and that code is generated from. */
export interface Sources {
  readonly schema: readonly SourceFile[];
  readonly tools: readonly SourceFile[];
  /** `catalog.yaml`; undefined when no provider is catalogued. */
  readonly catalog: SourceFile | undefined;
  /** One schema snapshot a provider. */
  readonly snapshots: readonly SourceFile[];
}

/** @param root folder that holds `schema/` */
export function readSources(root: string): Sources {
  const catalog = 'schema/providers/catalog.yaml';
  return {
    schema: readFolder(root, 'schema', '.graphql'),
    tools: readFolder(root, 'schema/tools', '.graphql'),
    catalog: existsSync(join(root, catalog)) ? readFile(root, catalog) : undefined,
    snapshots: readFolder(root, 'schema/providers', '.json'),
  };
}

function readFolder(root: string, folder: string, ending: string): SourceFile[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => readFile(root, `${folder}/${name}`));
}

function readFile(root: string, path: string): SourceFile {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}
