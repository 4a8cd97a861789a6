import type { ActionCategory, Rung } from '../access/read-actions.ts';
import { formatSpace } from '../access/parse-space.ts';
import type { AccessTable, Requirement } from '../access/requirement.ts';
import { stamp } from './stamp.ts';

const intro = `# Who may do what

Every field of the API asks something of its caller; whatever no row covers is refused. A token holds scopes (\`mcp:write\` implies
\`mcp:read\`); a role holds actions in a space and in all spaces below it. Both must allow what is asked. Where a space is given as
\`args.x\`, it is the one that the argument names, root when the argument is absent; with a \`?\`, an absent argument asks nothing.
\`parent.x\` is named by the object at hand, \`noun(args.x)\` is where that object lives, \`any\` means that lists are narrowed to what
the caller may see.

The column "from" names the lowest system role that may: **R** Space reader, **W** Space writer, **A** Space admin, held in the space
that is named. Everybody is a caller with a valid token, whatever their roles. A custom role ([roles.md](roles.md)) may, when it
holds the actions of the row.
`;

const letters: Readonly<Record<Rung, string>> = { READ: 'R', WRITE: 'W', ADMIN: 'A' };

type RungOf = (action: string) => Rung;

/** docs/access.md: what roles allow, then root fields, types, and fields that ask for more than their type. */
export function printAccessPage({ types, fields }: AccessTable, categories: readonly ActionCategory[]): string {
  const rungOf = rungsOf(categories);
  const rows = [...fields];
  const rooted = (type: string) => rows.filter(([name]) => name.startsWith(`${type}.`));
  const special = rows.filter(([name, row]) => !/^(Query|Mutation)\./.test(name) && asksSomething(row));
  return (
    [
      stamp('the access directives of schema/*.graphql and the provider catalog', '<!--'),
      intro,
      ...actionSection(categories),
      ...section('Queries', rooted('Query'), rungOf),
      ...section('Mutations', rooted('Mutation'), rungOf),
      ...section('Types', [...types], rungOf),
      ...section('Fields that ask for more than their type', special, rungOf),
    ]
      .join('\n')
      .trimEnd() + '\n'
  );
}

/** What nobody put on a rung is the admin's. */
function rungsOf(categories: readonly ActionCategory[]): RungOf {
  const known = new Map(
    categories.flatMap(({ actions }) => actions.map(({ action, heldFrom }) => [action, heldFrom] as const)),
  );
  return (action) => known.get(action) ?? 'ADMIN';
}

function actionSection(categories: readonly ActionCategory[]): string[] {
  const rows = categories.flatMap(({ name, actions }) => [
    `| **${name}** | | |`,
    ...actions.map(({ action, description, heldFrom }) => `| \`${action}\` | ${letters[heldFrom]} | ${description} |`),
  ]);
  return ['## Actions', '', '| action | from | allows to |', '|---|---|---|', ...rows, ''];
}

function section(title: string, rows: readonly (readonly [string, Requirement])[], rungOf: RungOf): string[] {
  return [
    `## ${title}`,
    '',
    '| | scopes | actions | from | |',
    '|---|---|---|---|---|',
    ...rows.map(
      ([name, row]) =>
        `| \`${name}\` | ${scopesOf(row)} | ${actionsOf(row)} | ${fromOf(row, rungOf)} | ${row.destructive ? 'destructive' : ''} |`,
    ),
    '',
  ];
}

function fromOf(row: Requirement, rungOf: RungOf): string {
  if (row.public) return 'strangers';
  const asked = new Set(row.actions.map(({ action }) => rungOf(action)));
  for (const rung of ['ADMIN', 'WRITE', 'READ'] as const) if (asked.has(rung)) return letters[rung];
  return 'everybody';
}

function scopesOf(row: Requirement): string {
  return row.scopes.map((all) => all.map((scope) => `\`${scope}\``).join(' and ')).join(' or ');
}

function actionsOf(row: Requirement): string {
  if (row.public) return 'open to strangers';
  if (row.actions.length === 0) return 'any valid token';
  return row.actions.map(({ action, space }) => `\`${action}\` in \`${formatSpace(space)}\``).join(' and ');
}

function asksSomething(row: Requirement): boolean {
  return row.public || row.scopes.length > 0 || row.actions.length > 0;
}
