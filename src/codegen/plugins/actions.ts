import type { ActionCategory } from '../access/read-actions.ts';
import { stamp } from './stamp.ts';

const declarations = `
import type { Action, SpaceAccessLevel } from './enums.ts';

/** Actions that belong together, in the order in which people read them. */
export interface ActionCategory {
  readonly name: string;
  readonly description: string;
  readonly actions: readonly ActionEntry[];
}

export interface ActionEntry {
  readonly action: Action;
  readonly description: string;
  /** The lowest rung whose system role holds the action. */
  readonly heldFrom: SpaceAccessLevel;
}
`;

/** generated/actions.ts: what roles can allow, for the system roles and for those who put others together. */
export function printActions(categories: readonly ActionCategory[]): string {
  return [
    stamp('schema/actions.graphql') + declarations,
    'export const actionCategories: readonly ActionCategory[] = [',
    ...categories.flatMap(printCategory),
    '];',
    '',
  ].join('\n');
}

function printCategory({ name, description, actions }: ActionCategory): string[] {
  return [
    '  {',
    `    name: ${quote(name)},`,
    `    description: ${quote(description)},`,
    '    actions: [',
    ...actions.map(
      (entry) =>
        `      { action: ${quote(entry.action)}, description: ${quote(entry.description)}, heldFrom: ${quote(entry.heldFrom)} },`,
    ),
    '    ],',
    '  },',
  ];
}

function quote(text: string): string {
  return JSON.stringify(text);
}
