// A schema of the size of a large public one (about 1.2 MB of SDL, 900 object types, 9,000 fields), made up: descriptions,
// arguments, connections, interfaces, inputs and enums in proportion. Each object type asks for an action of its own, and some fields for another.
import type { AccessTables, GatewayContext } from '../../../src/gateway/index.ts';
import { type Action, actions } from '../../../generated/enums.ts';

const TYPES = 450;
const FIELDS = 14;
const ROOTS = 300;

export interface LargeSchema {
  readonly typeDefs: string;
  readonly access: AccessTables;
}

type Row = AccessTables['typeAccess'][string];

const nothing: Row = { public: false, scopes: [], actions: [], destructive: false };
const asks = (action: Action): Row => ({ ...nothing, actions: [{ action, space: { from: 'any' } }] });
const actionAt = (number: number): Action => actions[number % actions.length] ?? 'SPACE_READ';
const words =
  'the object that a person or a program has made here and what is known about it at the time of asking'.split(' ');

function describe(number: number, length: number): string {
  return Array.from({ length }, (_, at) => words[(number * 7 + at * 3) % words.length]).join(' ');
}

export function makeLargeSchema(): LargeSchema {
  const fieldAccess: Record<string, Row> = {};
  const typeAccess: Record<string, Row> = {};
  const parts = ['interface Node { "Id." id: ID! }', `enum Action { ${actions.join(' ')} }`];
  for (let number = 0; number < TYPES; number += 1) {
    parts.push(objectType(number), connectionType(number), enumType(number), inputType(number));
    typeAccess[`Thing${number}`] = asks(actionAt(number));
    for (const field of fieldNames(number)) fieldAccess[`Thing${number}.${field}`] = rowOf(number, field);
    for (const field of ['nodes', 'totalCount']) fieldAccess[`Thing${number}Connection.${field}`] = nothing;
    typeAccess[`Thing${number}Connection`] = nothing;
  }
  parts.push(rootType('Query', 'mcp:read', fieldAccess), rootType('Mutation', 'mcp:write', fieldAccess));
  return { typeDefs: parts.join('\n'), access: { typeAccess, fieldAccess } };
}

function fieldNames(number: number): string[] {
  return ['id', ...Array.from({ length: FIELDS }, (_, at) => `field${at}Of${number}`), 'related', 'others'];
}

function rowOf(number: number, field: string): Row {
  return /^field[05]/.test(field) ? asks(actionAt(number * 3 + field.length)) : nothing;
}

function objectType(number: number): string {
  const fields = Array.from({ length: FIELDS }, (_, at) => {
    const type = ['String', 'Int!', 'Boolean!', `Kind${number}`, '[String!]!'][at % 5];
    return `"${describe(number + at, 14)}" field${at}Of${number}("${describe(at, 6)}" first: Int, after: String): ${type}`;
  });
  const next = (number * 5 + 1) % TYPES;
  return `"""${describe(number, 20)}""" type Thing${number} implements Node { "Id." id: ID! ${fields.join('\n')}
    "Related." related: Thing${next} "Others." others(first: Int): Thing${(next + 3) % TYPES}Connection! }`;
}

function connectionType(number: number): string {
  return `"${describe(number, 12)}" type Thing${number}Connection { "Entries." nodes: [Thing${number}!]! "How many." totalCount: Int! }`;
}

function enumType(number: number): string {
  return `"${describe(number, 10)}" enum Kind${number} { ${Array.from({ length: 5 }, (_, at) => `"${describe(at, 8)}" K${number}_${at}`).join(' ')} }`;
}

function inputType(number: number): string {
  const fields = Array.from({ length: 6 }, (_, at) => `"${describe(at + number, 10)}" given${at}: String`);
  return `"${describe(number, 12)}" input Thing${number}Input { ${fields.join(' ')} kind: Kind${number} }`;
}

function rootType(
  name: 'Query' | 'Mutation',
  scope: 'mcp:read' | 'mcp:write',
  fieldAccess: Record<string, Row>,
): string {
  const fields = Array.from({ length: ROOTS }, (_, at) => {
    const number = (at * 3) % TYPES;
    const field = name === 'Query' ? `thing${at}` : `change${at}`;
    fieldAccess[`${name}.${field}`] = { ...asks(actionAt(at)), scopes: [[scope]] };
    const argument = name === 'Query' ? 'id: ID!' : `input: Thing${number}Input!`;
    return `"${describe(at, 14)}" ${field}(${argument}): Thing${number}`;
  });
  return `type ${name} { ${fields.join('\n')} }`;
}

/** Reading any object gives one with an id; nothing else is asked for here. */
export const largeResolvers = {
  Query: Object.fromEntries(
    Array.from({ length: ROOTS }, (_, at) => [
      `thing${at}`,
      (_source: unknown, { id }: { readonly id: string }, _context: GatewayContext) => ({ id }),
    ]),
  ),
};
