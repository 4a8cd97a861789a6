import { nothingFurther, type AccessTable, type Requirement } from '../access/requirement.ts';
import { stamp } from './stamp.ts';

/** generated/access.ts: the shapes, the table of types, the table of fields. */
export function printAccess(table: AccessTable): string {
  return [
    stamp('the access directives of schema/*.graphql and the provider catalog'),
    declarations(table.nouns),
    printRows(
      'typeAccess',
      'Object types that ask something of whoever reads one: asked once for each object.',
      table.types,
    ),
    printRows(
      'fieldAccess',
      'What each field asks by itself. `Type.*` stands for all fields of a catalogued type.',
      table.fields,
    ),
  ].join('\n');
}

function declarations(nouns: readonly string[]): string {
  return `import type { Action } from './enums.ts';

export type Scope = 'mcp:read' | 'mcp:write';

/** Nouns whose space the server must be able to tell from an id. */
export type Noun = ${nouns.length === 0 ? 'never' : nouns.map((noun) => `'${noun}'`).join(' | ')};

/** Where an action must be held. */
export type SpaceSource =
  | { readonly from: 'args'; readonly path: readonly string[]; readonly optional: boolean }
  | { readonly from: 'parent'; readonly field: string; readonly project?: string }
  | { readonly from: 'noun'; readonly noun: Noun; readonly path: readonly string[] }
  | { readonly from: 'root' }
  | { readonly from: 'any' };

export interface ActionRequirement {
  readonly action: Action;
  readonly space: SpaceSource;
}

/** \`scopes\`: the outer list is OR, the inner one AND; empty asks for none. \`actions\` must all hold. */
export interface Requirement {
  readonly public: boolean;
  readonly scopes: readonly (readonly Scope[])[];
  readonly actions: readonly ActionRequirement[];
  readonly destructive: boolean;
}

const nothingFurther: Requirement = ${printRequirement(nothingFurther)};
`;
}

function printRows(name: string, comment: string, rows: ReadonlyMap<string, Requirement>): string {
  const lines = [...rows].map(
    ([key, row]) => `  '${key}': ${isNothing(row) ? 'nothingFurther' : printRequirement(row)},`,
  );
  return `/** ${comment} */\nexport const ${name}: Readonly<Record<string, Requirement>> = {\n${lines.join('\n')}\n};\n`;
}

function isNothing(row: Requirement): boolean {
  return !row.public && row.scopes.length === 0 && row.actions.length === 0 && !row.destructive;
}

function printRequirement(row: Requirement): string {
  const actions = row.actions.map(({ action, space }) => `{ action: '${action}', space: ${printValue(space)} }`);
  return `{ public: ${row.public}, scopes: ${printValue(row.scopes)}, actions: [${actions.join(', ')}], destructive: ${row.destructive} }`;
}

/** A JSON value as a TypeScript literal on one line. */
function printValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(printValue).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, part]) => `${key}: ${printValue(part)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string' ? `'${value}'` : String(value);
}
