import { formatSpace } from '../access/parse-space.ts';
import type { AccessTable, Requirement } from '../access/requirement.ts';
import { stamp } from './stamp.ts';

const intro = `# Who may do what

Every field of the API asks something of its caller; whatever no row covers is refused. A token holds scopes (\`mcp:write\` implies
\`mcp:read\`); a role holds actions in a space. Where a space is given as \`args.x\`, it is the one that the argument names, root when
the argument is absent; with a \`?\`, an absent argument asks nothing. \`parent.x\` is named by the object at hand, \`noun(args.x)\` is
where that object lives, \`any\` means that lists are narrowed to what the caller may see.
`;

/** docs/access.md: root fields, types, and fields that ask for more than their type. */
export function printAccessPage({ types, fields }: AccessTable): string {
  const rows = [...fields];
  const rooted = (type: string) => rows.filter(([name]) => name.startsWith(`${type}.`));
  const special = rows.filter(([name, row]) => !/^(Query|Mutation)\./.test(name) && asksSomething(row));
  return (
    [
      stamp('the access directives of schema/*.graphql and the provider catalog', '<!--'),
      intro,
      ...section('Queries', rooted('Query')),
      ...section('Mutations', rooted('Mutation')),
      ...section('Types', [...types]),
      ...section('Fields that ask for more than their type', special),
    ]
      .join('\n')
      .trimEnd() + '\n'
  );
}

function section(title: string, rows: readonly (readonly [string, Requirement])[]): string[] {
  return [
    `## ${title}`,
    '',
    '| | scopes | actions | |',
    '|---|---|---|---|',
    ...rows.map(
      ([name, row]) =>
        `| \`${name}\` | ${scopesOf(row)} | ${actionsOf(row)} | ${row.destructive ? 'destructive' : ''} |`,
    ),
    '',
  ];
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
