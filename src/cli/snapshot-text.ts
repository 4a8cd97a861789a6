import type { ResourceSchema } from '../providers/index.ts';
import { isJsonObject } from '../shared/json.ts';

/** The part of a provider's schema that the catalog keeps. */
export interface SnapshotContent {
  readonly provider: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, ResourceSchema>>;
  readonly dataSources: Readonly<Record<string, ResourceSchema>>;
}

/**
 * One line a type, sorted, so that a new version of a provider is a diff one can read. False, empty text and empty
 * lists are left out: they are most of a schema.
 */
export function printSnapshot({ provider, version, resources, dataSources }: SnapshotContent): string {
  const head = [`  "provider": ${JSON.stringify(provider)}`, `  "version": ${JSON.stringify(version)}`];
  return `{\n${[...head, section('resources', resources), section('dataSources', dataSources)].join(',\n')}\n}\n`;
}

function section(name: string, schemas: Readonly<Record<string, ResourceSchema>>): string {
  const lines = Object.keys(schemas)
    .toSorted()
    .map((type) => `    ${JSON.stringify(type)}: ${JSON.stringify(schemas[type], compact)}`);
  return lines.length === 0 ? `  "${name}": {}` : `  "${name}": {\n${lines.join(',\n')}\n  }`;
}

function compact(_key: string, value: unknown): unknown {
  if (value === false || value === '' || (Array.isArray(value) && value.length === 0)) return undefined;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
