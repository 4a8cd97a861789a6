import type { Action } from '../../generated/enums.ts';
import type { AccessTables, GatewayContext, SpaceOf } from '../gateway/index.ts';
import { anonymous, type Caller, type Origin, type Scope } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';

// A small API with one of everything that the gateway guards: for its own tests and those of what stands on it.
export const typeDefs = `
  scalar JSON
  "What a caller may do."
  enum Action { SPACE_READ SPACE_WRITE SPACE_ADMIN }
  "Anything with an id."
  interface Node { id: ID! }
  "A box."
  type Box implements Node { id: ID! space: ID! label: String secret: String items: [Item!]! owner: Person }
  "A thing in a box."
  type Item { id: ID! weight(unit: String = "kg"): Int! }
  "Somebody."
  type Person implements Node { id: ID! name: String! }
  type Facts { version: String }
  union Found = Box | Person
  type Query {
    "One box."
    box(id: ID!): Box
    boxes: [Box!]!
    strictBox(id: ID!): Box!
    boxesIn(space: ID): [Box!]!
    boxesMaybeIn(space: ID): [Box!]!
    leak: [Box!]!
    node(id: ID!): Node
    strictNode: Node!
    find(text: String): [Found!]!
    me: Person
    facts: Facts!
    rootOnly: String
    fails: String
    failsOddly: String
    echo(json: JSON, text: String): JSON
  }
  type Mutation {
    boxCreate(space: ID, label: String): Box!
    boxUpdate(id: ID!, label: String): Box!
    boxDelete(id: ID!): Box!
    login(secret: String!): String
  }
`;

const row = (more: Partial<AccessTables['typeAccess'][string]> = {}): AccessTables['typeAccess'][string] => ({
  public: false,
  scopes: [],
  actions: [],
  destructive: false,
  ...more,
});
const open = row({ public: true });
const read: readonly (readonly Scope[])[] = [['mcp:read']];
const write: readonly (readonly Scope[])[] = [['mcp:write']];
const inBox = { from: 'noun', noun: 'box', path: ['id'] } as const;

export const access: AccessTables = {
  typeAccess: {
    Box: row({ actions: [{ action: 'SPACE_READ', space: { from: 'parent', field: 'space' } }] }),
    Item: row(),
    Person: row(),
  },
  fieldAccess: {
    'Box.id': row(),
    'Box.space': row(),
    'Box.label': row(),
    'Box.secret': row({ actions: [{ action: 'SPACE_ADMIN', space: { from: 'parent', field: 'space' } }] }),
    'Box.items': row(),
    'Box.owner': row(),
    'Item.id': row(),
    'Item.weight': row(),
    'Person.id': row(),
    'Person.name': row(),
    'Facts.version': open,
    'Query.box': row({ scopes: read, actions: [{ action: 'SPACE_READ', space: inBox }] }),
    'Query.strictBox': row({ scopes: read, actions: [{ action: 'SPACE_READ', space: inBox }] }),
    'Query.boxes': row({ scopes: read, actions: [{ action: 'SPACE_READ', space: { from: 'any' } }] }),
    'Query.boxesIn': row({
      scopes: read,
      actions: [{ action: 'SPACE_READ', space: { from: 'args', path: ['space'], optional: false } }],
    }),
    'Query.boxesMaybeIn': row({
      scopes: read,
      actions: [{ action: 'SPACE_READ', space: { from: 'args', path: ['space'], optional: true } }],
    }),
    'Query.leak': row({ scopes: read }),
    'Query.node': row({ scopes: read }),
    'Query.strictNode': row({ scopes: read }),
    'Query.find': row({ scopes: read }),
    'Query.me': open,
    'Query.facts': open,
    'Query.rootOnly': row({ scopes: read, actions: [{ action: 'SPACE_ADMIN', space: { from: 'root' } }] }),
    'Query.fails': row({ scopes: read }),
    'Query.failsOddly': row({ scopes: read }),
    'Query.echo': row({ scopes: read }),
    'Mutation.boxCreate': row({
      scopes: write,
      actions: [{ action: 'SPACE_WRITE', space: { from: 'args', path: ['space'], optional: false } }],
    }),
    'Mutation.boxUpdate': row({ scopes: write, actions: [{ action: 'SPACE_WRITE', space: inBox }] }),
    'Mutation.boxDelete': row({ scopes: write, actions: [{ action: 'SPACE_ADMIN', space: inBox }], destructive: true }),
    'Mutation.login': open,
  },
};

export interface Box {
  readonly __typename: 'Box';
  readonly id: string;
  readonly space: string;
  readonly label: string;
}

export const boxes: readonly Box[] = ['a', 'b', 'c', 'root'].map((space) => ({
  __typename: 'Box',
  id: `box-${space}`,
  space,
  label: `Box of ${space}`,
}));
const findBox = (id: string): Box | undefined => boxes.find((box) => box.id === id);
const person = { __typename: 'Person', id: 'person-1', name: 'Ada' };

/** What ran, by resolver: to see that a refusal comes before any resolver. */
export interface Journal {
  readonly calls: string[];
}

type Narrowed = (context: GatewayContext) => readonly Box[];
const readable: Narrowed = ({ caller }) => boxes.filter(({ space }) => caller.grants.get(space)?.has('SPACE_READ'));

export function createResolvers(journal: Journal) {
  const note = <T>(name: string, value: T): T => {
    journal.calls.push(name);
    return value;
  };
  const byId = (_: unknown, { id }: { readonly id: string }) => Promise.resolve(note('box', findBox(id)));
  return {
    Query: {
      box: byId,
      strictBox: byId,
      boxes: (_: unknown, _args: object, context: GatewayContext) => note('boxes', readable(context)),
      boxesIn: (_: unknown, { space }: { readonly space?: string }) =>
        note(
          'boxesIn',
          boxes.filter((box) => box.space === (space ?? 'root')),
        ),
      boxesMaybeIn: (_: unknown, _args: object, context: GatewayContext) => note('boxesMaybeIn', readable(context)),
      leak: () => note('leak', boxes),
      node: (_: unknown, { id }: { readonly id: string }) => note('node', id === person.id ? person : findBox(id)),
      strictNode: () => note('strictNode', findBox('box-b')),
      find: () => note('find', [person, ...boxes.slice(0, 1)]),
      me: () => note('me', person),
      facts: () => ({ version: '1' }),
      rootOnly: () => note('rootOnly', 'root only'),
      fails: () => {
        throw new AppError('CONFLICT', 'fails: it is locked; wait', { details: { holder: 'bob' } });
      },
      failsOddly: () => {
        throw new Error('password is hunter2');
      },
      echo: (_: unknown, args: object) => args,
    },
    Mutation: {
      boxCreate: (_: unknown, { space, label }: { readonly space?: string; readonly label?: string }) =>
        note('boxCreate', { __typename: 'Box', id: 'box-new', space: `${space ?? 'root'}-new`, label }),
      boxUpdate: (_: unknown, { id, label }: { readonly id: string; readonly label?: string }) =>
        note('boxUpdate', { ...findBox(id), label }),
      boxDelete: (_: unknown, { id }: { readonly id: string }) => note('boxDelete', findBox(id)),
      login: () => 'token',
    },
    Box: { items: () => [{ id: 'item-1' }], owner: () => person, secret: () => note('secret', 'hidden') },
    Item: { weight: () => 3 },
  };
}

export const spaceOf: SpaceOf = { box: (_context, id) => Promise.resolve(findBox(id)?.space) };

export const origin: Origin = { via: 'GRAPHQL', requestId: 'request-1', remoteAddress: undefined, client: undefined };

/** A caller with scopes and with actions by space. */
export function aCaller(scopes: readonly Scope[], grants: Readonly<Record<string, readonly Action[]>>): Caller {
  return Object.freeze({
    principal: { kind: 'USER', id: 'user-1', name: 'Ada' },
    session: 'session-1',
    scopes: new Set(scopes),
    grants: new Map(Object.entries(grants).map(([space, actions]) => [space, new Set(actions)])),
  } as const);
}

export const stranger = anonymous;
