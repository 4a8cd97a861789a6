import assert from 'node:assert/strict';

import { buildSchema, type FragmentDefinitionNode, Kind, parse } from 'graphql';

import { estimateCost } from './operation-cost.ts';

const schema = buildSchema(`
  input Search { first: Int after: String }
  interface Node { id: ID! things: [Thing!]! }
  type Thing implements Node { id: ID! name: String things: [Thing!]! }
  type Edge { node: Thing! }
  type Page { count: Int! edges: [Edge!]! }
  type Query { thing: Thing things(limit: Int): [Thing!]! search(input: Search!): Page! node: Node }
  type Mutation { make(input: Search): Thing }
`);

function cost(document: string, variables: Record<string, unknown> = {}): number {
  const { definitions } = parse(document);
  const operation = definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION) ?? assert.fail();
  const fragments = definitions.filter(
    (each): each is FragmentDefinitionNode => each.kind === Kind.FRAGMENT_DEFINITION,
  );
  return estimateCost(schema, operation, new Map(fragments.map((each) => [each.name.value, each])))(variables);
}

describe('the cost of an operation', () => {
  for (const [what, document, variables, expected] of [
    ['one for a field', '{ thing { id name } }', {}, 3],
    ['ten for a list of unknown length', '{ things { id } }', {}, 1 + 10],
    ['what was asked for', '{ things(limit: 50) { id name } }', {}, 1 + 100],
    ['what a variable asks for', 'query($n: Int) { things(limit: $n) { id } }', { n: 7 }, 1 + 7],
    ['ten where the variable is absent', 'query($n: Int) { things(limit: $n) { id } }', {}, 1 + 10],
    ['a page by its edges', '{ search(input: { first: 20 }) { count edges { node { id } } } }', {}, 3 + 20 * 2],
    [
      'a page whose input is a variable',
      'query($i: Search!) { search(input: $i) { edges { node { id } } } }',
      { i: { first: 30 } },
      2 + 30 * 2,
    ],
    ['lists within lists', '{ things(limit: 5) { things { id } } }', {}, 1 + 5 * (1 + 10)],
    ['fragments', '{ node { ...N ... on Thing { name } } } fragment N on Node { things { id } }', {}, 3 + 10],
    ['no list longer than any can be', '{ things(limit: 2000000000) { id } }', {}, 1 + 1_000],
    ['more for a change', 'mutation { make { id } }', {}, 12],
  ] as const) {
    it(`counts ${what}`, () => assert.equal(cost(document, variables), expected));
  }
});
