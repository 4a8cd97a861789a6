import type { SpaceSource } from './requirement.ts';

const NAME = '[A-Za-z_][A-Za-z0-9_]*';
const forms = {
  args: new RegExp(`^args\\.(${NAME}(?:\\.${NAME})*)(\\?)?$`),
  parent: new RegExp(`^parent\\.(${NAME})(?:/(${NAME}))?$`),
  noun: new RegExp(`^(${NAME})\\(args\\.(${NAME}(?:\\.${NAME})*)\\)$`),
};

/** Parses the `space` of `@requiresAction`; undefined when it has none of the five forms. */
export function parseSpace(text: string): SpaceSource | undefined {
  if (text === 'root' || text === 'any') return { from: text };
  const args = forms.args.exec(text);
  if (args?.[1] !== undefined) return { from: 'args', path: args[1].split('.'), optional: args[2] === '?' };
  const parent = forms.parent.exec(text);
  if (parent?.[1] !== undefined) {
    return { from: 'parent', field: parent[1], ...(parent[2] === undefined ? {} : { project: parent[2] }) };
  }
  const noun = forms.noun.exec(text);
  if (noun?.[1] !== undefined && noun[2] !== undefined)
    return { from: 'noun', noun: noun[1], path: noun[2].split('.') };
  return undefined;
}

/** The inverse, for the docs. */
export function formatSpace(space: SpaceSource): string {
  switch (space.from) {
    case 'args':
      return `args.${space.path.join('.')}${space.optional ? '?' : ''}`;
    case 'parent':
      return `parent.${space.field}${space.project === undefined ? '' : `/${space.project}`}`;
    case 'noun':
      return `${space.noun}(args.${space.path.join('.')})`;
    case 'root':
    case 'any':
      return space.from;
  }
}
