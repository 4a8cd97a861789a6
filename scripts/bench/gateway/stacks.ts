// A list as a client shows it: 50 objects, 33 leaf fields each, 1,650 leaves and one scalar beside them.
import type { AccessTables, SpaceOf } from '../../../src/gateway/index.ts';
import type { GatewayContext } from '../../../src/gateway/index.ts';

const scalarFields = [
  'id: ID!',
  'name: String!',
  'space: ID!',
  'branch: String!',
  'repository: String!',
  'namespace: String',
  'projectRoot: String',
  'description: String',
  'createdAt: Int!',
  'updatedAt: Int!',
  'administrative: Boolean!',
  'autodeploy: Boolean!',
  'autoretry: Boolean!',
  'isDisabled: Boolean!',
  'localPreviewEnabled: Boolean!',
  'managesStateFile: Boolean!',
  'protectFromDeletion: Boolean!',
  'starred: Boolean!',
  'state: StackState!',
  'stateSetAt: Int',
  'terraformVersion: String',
  'workerPool: ID',
  'provider: String!',
  'blocker: String',
  'trackedCommit: Commit!',
  'lastRun: Run!',
];
const commitFields = ['hash: String!', 'message: String!', 'author: String!', 'timestamp: Int!'];
const runFields = ['id: ID!', 'state: StackState!', 'title: String!', 'finished: Boolean!', 'createdAt: Int!'];

export const typeDefs = `
  enum StackState { NONE QUEUED RUNNING FINISHED FAILED }
  type Commit { ${commitFields.join(' ')} }
  type Run { ${runFields.join(' ')} }
  type Stack { ${scalarFields.join(' ')} }
  type Query { stacks(first: Int!): [Stack!]! stack(id: ID!): Stack stackCount: Int! }
`;

interface Stack {
  readonly id: string;
  readonly [field: string]: unknown;
}

const states = ['NONE', 'QUEUED', 'RUNNING', 'FINISHED', 'FAILED'];

function aStack(number: number): Stack {
  const at = 1_760_000_000 + number * 977;
  return {
    id: `network-${number}`,
    name: `Network ${number}`,
    space: `team-${number % 7}`,
    branch: 'main',
    repository: `infra-${number % 5}`,
    namespace: 'org',
    projectRoot: `net/${number}`,
    description: `Region ${number}`,
    createdAt: at,
    updatedAt: at + 86_400,
    administrative: number % 9 === 0,
    autodeploy: number % 2 === 0,
    autoretry: false,
    isDisabled: false,
    localPreviewEnabled: true,
    managesStateFile: true,
    protectFromDeletion: number % 3 === 0,
    starred: number % 11 === 0,
    state: states[number % states.length],
    stateSetAt: at + 100,
    terraformVersion: '1.11.4',
    workerPool: number % 4 === 0 ? null : `pool-${number % 4}`,
    provider: 'github',
    blocker: null,
    trackedCommit: {
      hash: `${number}`.padStart(12, 'c0ffee'),
      message: `Change ${number}`,
      author: 'ada',
      timestamp: at,
    },
    lastRun: {
      id: `01J${number}`.padEnd(12, '0'),
      state: 'FINISHED',
      title: `Run ${number}`,
      finished: true,
      createdAt: at,
    },
  };
}

const stacks: readonly Stack[] = Array.from({ length: 50 }, (_, number) => aStack(number));

export const resolvers = {
  Query: {
    stacks: (_root: unknown, { first }: { readonly first: number }) => stacks.slice(0, first),
    stack: (_root: unknown, { id }: { readonly id: string }) => stacks.find((stack) => stack.id === id) ?? null,
    stackCount: () => stacks.length,
  },
};

const names = (fields: readonly string[]): string[] => fields.map((field) => field.slice(0, field.indexOf(':')));
const leaves = names(scalarFields).filter((name) => name !== 'trackedCommit' && name !== 'lastRun');
const stackSelection = `${leaves.join(' ')} trackedCommit { ${names(commitFields).join(' ')} } lastRun { ${names(runFields).join(' ')} }`;

/** 50 objects of 33 leaves. */
export const bigDocument = `query Stacks($first: Int!) { stacks(first: $first) { ${stackSelection} } stackCount }`;
export const smallDocument = 'query Stack($id: ID!) { stack(id: $id) { id name } }';

const rows = (type: string, fields: readonly string[]) => fields.map((field) => `${type}.${field}`);
const authenticated = { public: false, scopes: [['mcp:read']], actions: [], destructive: false } as const;
const readable = {
  ...authenticated,
  actions: [{ action: 'SPACE_READ', space: { from: 'parent', field: 'space' } }],
} as const;
const held = { ...authenticated, actions: [{ action: 'SPACE_READ', space: { from: 'any' } }] } as const;

type Row = AccessTables['fieldAccess'][string];

const fieldRows: readonly (readonly [field: string, row: Row])[] = [
  ...[
    ...rows('Stack', names(scalarFields)),
    ...rows('Commit', names(commitFields)),
    ...rows('Run', names(runFields)),
  ].map((field) => [field, authenticated] as const),
  ...['stacks', 'stack', 'stackCount'].map((field) => [`Query.${field}`, held] as const),
];

/** Every field asks for a scope, every stack for an action in its space. */
export const access: AccessTables = {
  typeAccess: { Stack: readable, Commit: authenticated, Run: authenticated },
  fieldAccess: Object.fromEntries<Row>(fieldRows),
};

export const spaceOf: SpaceOf<GatewayContext> = {};
