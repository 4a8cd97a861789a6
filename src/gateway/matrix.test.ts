import assert from 'node:assert/strict';

import fc from 'fast-check';

import type { Action } from '../../generated/enums.ts';
import type { Scope } from '../shared/caller.ts';
import { silentLogger } from '../shared/logger.ts';
import { aCaller, access, createResolvers, origin, spaceOf, stranger, typeDefs } from '../testing/small-api.ts';
import { createGateway } from './index.ts';

// Who may read what, by which route: the gateway's answer against a judge that knows the rules only as prose.

interface Rights {
  readonly signedIn: boolean;
  readonly scopes: readonly Scope[];
  readonly grants: Readonly<Record<string, readonly Action[]>>;
}

type Verdict = 'ok' | 'null' | 'UNAUTHENTICATED' | 'INSUFFICIENT_SCOPE' | 'FORBIDDEN' | 'NO_SUCH';

/** One thing that can be asked for. `judge` is written from the rules, not from the code. */
interface Question {
  readonly kind: 'query' | 'mutation';
  /** Root field with its arguments. */
  readonly root: string;
  readonly type: 'Box' | 'Person' | 'Node' | undefined;
  readonly leaf: string;
  readonly judge: (rights: Rights) => Verdict;
}

const reads = ({ scopes }: Rights): boolean => scopes.length > 0;
const writes = ({ scopes }: Rights): boolean => scopes.includes('mcp:write');
const holds = ({ grants }: Rights, action: Action, space: string): boolean => grants[space]?.includes(action) ?? false;
const holdsSomewhere = (rights: Rights, action: Action): boolean =>
  Object.keys(rights.grants).some((space) => holds(rights, action, space));

function judgeRead(space: string, leaf: string, hidden: Verdict) {
  return (rights: Rights): Verdict => {
    if (!rights.signedIn) return 'UNAUTHENTICATED';
    if (!reads(rights)) return 'INSUFFICIENT_SCOPE';
    if (!holdsSomewhere(rights, 'SPACE_READ')) return 'FORBIDDEN';
    if (leaf === 'secret' && !holdsSomewhere(rights, 'SPACE_ADMIN')) return 'FORBIDDEN';
    if (!holds(rights, 'SPACE_READ', space)) return hidden;
    return leaf === 'secret' && !holds(rights, 'SPACE_ADMIN', space) ? 'FORBIDDEN' : 'ok';
  };
}

function judgeWrite(space: string, action: Action) {
  return (rights: Rights): Verdict => {
    if (!rights.signedIn) return 'UNAUTHENTICATED';
    if (!writes(rights)) return 'INSUFFICIENT_SCOPE';
    if (!holdsSomewhere(rights, action) || !holdsSomewhere(rights, 'SPACE_READ')) return 'FORBIDDEN';
    if (holds(rights, action, space)) return 'ok';
    return holds(rights, 'SPACE_READ', space) ? 'FORBIDDEN' : 'NO_SUCH';
  };
}

const spaces = ['a', 'b', 'root'] as const;
const questions: readonly Question[] = [
  ...spaces.flatMap((space) =>
    ['label', 'secret'].flatMap((leaf): Question[] => [
      { kind: 'query', root: `box(id: "box-${space}")`, type: 'Box', leaf, judge: judgeRead(space, leaf, 'null') },
      {
        kind: 'query',
        root: `strictBox(id: "box-${space}")`,
        type: 'Box',
        leaf,
        judge: judgeRead(space, leaf, 'NO_SUCH'),
      },
      { kind: 'query', root: `node(id: "box-${space}")`, type: 'Node', leaf, judge: judgeRead(space, leaf, 'null') },
    ]),
  ),
  ...spaces.flatMap((space): Question[] => [
    {
      kind: 'mutation',
      root: `boxUpdate(id: "box-${space}")`,
      type: 'Box',
      leaf: 'label',
      judge: judgeWrite(space, 'SPACE_WRITE'),
    },
    {
      kind: 'mutation',
      root: `boxDelete(id: "box-${space}")`,
      type: 'Box',
      leaf: 'label',
      judge: judgeWrite(space, 'SPACE_ADMIN'),
    },
  ]),
  { kind: 'query', root: 'me', type: 'Person', leaf: 'name', judge: ({ signedIn }) => (signedIn ? 'ok' : 'null') },
  {
    kind: 'query',
    root: 'rootOnly',
    type: undefined,
    leaf: '',
    judge: (rights) => {
      if (!rights.signedIn) return 'UNAUTHENTICATED';
      if (!reads(rights)) return 'INSUFFICIENT_SCOPE';
      return holds(rights, 'SPACE_ADMIN', 'root') ? 'ok' : 'FORBIDDEN';
    },
  },
];

/** Ways to write the same question. The first field at the top is always answered as `answer`. */
const routes: Readonly<Record<string, (question: Question) => string>> = {
  plain: (q) => `${q.kind} { ${rootOf(q, selectionOf(q))} }`,
  alias: (q) => `${q.kind} { ${rootOf(q, selectionOf({ ...q, leaf: `id: __typename renamed: ${q.leaf}` }))} }`,
  fragment: (q) =>
    q.type === undefined
      ? (routes['plain']?.(q) ?? '')
      : `${q.kind} { ${rootOf(q, '{ ...F }')} } fragment F on ${q.type === 'Node' ? 'Box' : q.type} { ${q.leaf} }`,
  rootFragment: (q) =>
    `${q.kind} { ...R } fragment R on ${q.kind === 'query' ? 'Query' : 'Mutation'} { ${rootOf(q, selectionOf(q))} }`,
  included: (q) => `${q.kind} ($yes: Boolean!) { ... @include(if: $yes) { ${rootOf(q, selectionOf(q))} } }`,
  notSkipped: (q) =>
    `${q.kind} ($no: Boolean!) { ${rootOf({ ...q, root: `${q.root} @skip(if: $no)` }, selectionOf(q))} }`,
  typename: (q) => `${q.kind} { ${rootOf(q, selectionOf(q))} __typename }`,
};

function rootOf({ root }: Question, selection: string): string {
  return `answer: ${root} ${selection}`;
}

function selectionOf({ type, leaf }: Question): string {
  if (type === undefined) return '';
  return type === 'Node' ? `{ ... on Box { ${leaf} } }` : `{ ${leaf} }`;
}

const gateway = createGateway({
  typeDefs,
  resolvers: createResolvers({ calls: [] }),
  access,
  spaceOf,
  contextFor: (caller, from) => ({ caller, origin: from }),
  log: silentLogger,
});

async function ask(rights: Rights, document: string): Promise<Verdict> {
  const caller = rights.signedIn ? aCaller(rights.scopes, rights.grants) : stranger;
  const used = Object.entries({ yes: true, no: false }).filter(([name]) => document.includes(`$${name}`));
  const { data, errors } = await gateway.execute({
    document,
    variables: Object.fromEntries(used),
    caller,
    origin,
    allow: 'any',
  });
  const [first] = errors;
  if (first !== undefined) return first.extensions.code as Verdict;
  return data?.['answer'] === null ? 'null' : 'ok';
}

const actions = fc.subarray<Action>(['SPACE_READ', 'SPACE_WRITE', 'SPACE_ADMIN']);
const rights: fc.Arbitrary<Rights> = fc.record({
  signedIn: fc.boolean().map((each) => each),
  scopes: fc.subarray<Scope>(['mcp:read', 'mcp:write']),
  grants: fc
    .record({ a: actions, b: actions, root: actions }, { requiredKeys: [] })
    .map((grants) => grants as Rights['grants']),
});

const CALLERS = Number(process.env['SLUICE_TEST_CALLERS'] ?? 150);
const decisions = CALLERS * questions.length * Object.keys(routes).length;

describe('the matrix of access', function () {
  it(`agrees with the rules in ${decisions} decisions`, async () => {
    const seen = new Map<Verdict, number>();
    await fc.assert(
      fc.asyncProperty(rights, async (each) => {
        for (const question of questions)
          for (const [route, write] of Object.entries(routes)) {
            const expected = question.judge(each);
            seen.set(expected, (seen.get(expected) ?? 0) + 1);
            assert.equal(
              await ask(each, write(question)),
              expected,
              `${route}: ${write(question)} for ${JSON.stringify(each)}`,
            );
          }
      }),
      { numRuns: CALLERS },
    );
    assert.equal(seen.size, 6, 'every verdict must have come up');
  });
});
