import type { DocumentNode } from 'graphql';

import { enumsOf, type EnumNode } from '../sdl.ts';
import { stamp } from './stamp.ts';

/** Each enum as a list of its values and the union type of them, in the order of the SDL. */
export function printEnums(document: DocumentNode): string {
  const values = Map.groupBy(enumsOf(document), (node) => node.name.value);
  const parts = [...values].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, nodes]) => printEnum(name, nodes));
  return [stamp('schema/*.graphql'), ...parts].join('\n');
}

function printEnum(name: string, nodes: readonly EnumNode[]): string {
  const list = pluralOf(name);
  const lines = nodes.flatMap((node) => node.values ?? []).map((value) => `  '${value.name.value}',`);
  const comment = nodes.map((node) => ('description' in node ? node.description?.value : undefined)).find(Boolean);
  return [
    `export const ${list} = [`,
    ...lines,
    '] as const;',
    ...(comment === undefined ? [] : [`/** ${comment.replaceAll('*/', '* /').replaceAll(/\s+/g, ' ').trim()} */`]),
    `export type ${name} = (typeof ${list})[number];`,
    '',
  ].join('\n');
}

/** `PolicyType` -> `policyTypes`, `APIKeyType` -> `apiKeyTypes`, `OperationStatus` -> `operationStatuses`. */
function pluralOf(name: string): string {
  const camel = name.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (head) => head.toLowerCase());
  if (/(s|x|ch|sh)$/.test(camel)) return `${camel}es`;
  if (/[^aeiou]y$/.test(camel)) return `${camel.slice(0, -1)}ies`;
  return `${camel}s`;
}
