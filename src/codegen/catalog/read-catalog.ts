import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';

import type { SourceFile } from '../read-sources.ts';
import { CodegenRefused } from '../refusals.ts';

/** One catalogued provider, as `catalog.yaml` names it. */
export interface CatalogEntry {
  /** `schema/providers/catalog.yaml:5` */
  readonly where: string;
  /** `hashicorp/time` */
  readonly source: string;
  /** Versions that may run, such as `~> 0.14`. */
  readonly version: string;
  readonly resources: readonly CatalogGlob[];
  readonly dataSources: readonly CatalogGlob[];
}

export interface CatalogGlob {
  readonly where: string;
  readonly glob: string;
}

/** @throws CodegenRefused naming the line, for YAML that does not parse and for keys and values that do not belong */
export function readCatalog(file: SourceFile): CatalogEntry[] {
  const lines = new LineCounter();
  const document = parseDocument(file.text, { lineCounter: lines });
  const placeAt = (offset: number | undefined): string => `${file.path}:${lines.linePos(offset ?? 0).line}`;
  const refuse = (offset: number | undefined, message: string): never => {
    throw new CodegenRefused([{ where: placeAt(offset), message }]);
  };
  const [error] = document.errors;
  if (error !== undefined) refuse(error.pos[0], error.message);
  const providers = isMap<Node, Node>(document.contents) ? document.contents.get('providers', true) : undefined;
  if (!isSeq(providers)) return refuse(0, '`providers` must be a list of catalogued providers');
  return providers.items.map((item) => entryOf(item, placeAt, refuse));
}

function entryOf(
  item: unknown,
  placeAt: (offset?: number) => string,
  refuse: (offset: number | undefined, message: string) => never,
): CatalogEntry {
  if (!isMap<Node, Node>(item))
    return refuse(undefined, 'each provider is an object with source, version, resources, dataSources');
  const start = item.range?.[0];
  for (const { key } of item.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (!['source', 'version', 'resources', 'dataSources'].includes(name)) {
      refuse(key.range?.[0], `unknown key ${JSON.stringify(name)}: known are source, version, resources, dataSources`);
    }
  }
  const source = item.get('source');
  if (typeof source !== 'string')
    return refuse(start, 'source is missing: the address of the provider, such as hashicorp/time');
  const version = item.get('version');
  if (typeof version !== 'string')
    return refuse(start, 'version is missing: the versions that may run, such as "~> 0.14"');
  const globs = (name: string): CatalogGlob[] => {
    const list = item.get(name, true);
    if (list === undefined) return [];
    if (!isSeq(list)) return refuse(start, `${name} must be a list of names or globs, such as "time_*"`);
    return list.items.map((part) => {
      const offset = isScalar(part) ? part.range?.[0] : start;
      if (!isScalar(part) || typeof part.value !== 'string')
        return refuse(offset, `${name} must be a list of names or globs`);
      return { where: placeAt(offset), glob: part.value };
    });
  };
  return { where: placeAt(start), source, version, resources: globs('resources'), dataSources: globs('dataSources') };
}
