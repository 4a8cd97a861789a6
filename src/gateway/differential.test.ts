import assert from 'node:assert/strict';

import fc from 'fast-check';
import { execute, type GraphQLSchema } from 'graphql';

import { makeExecutableSchema } from '@graphql-tools/schema';

import type { Caller } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { type AccessTables, createAccessTable, type Requirement } from './access-table.ts';
import { createActionBits } from './caller-mask.ts';
import { createCompiler } from './compile-operation.ts';
import { findDifference } from './compiler-differences.ts';
import { guardSchema } from './guard-schema.ts';
import { defaultLimits } from './limits.ts';
import { maskErrors } from './mask-errors.ts';
import { prepareDocument, type PreparedOperation } from './prepare-document.ts';
import { coerceVariables } from './run-operation.ts';

// The compiled path against graphql-js on the same guarded schema: every generated operation must answer the same.

const typeDefs = `
  scalar JSON
  enum Mood { GOOD BAD ODD }
  input Filter { mood: Mood = GOOD, words: [String!], deep: Filter, count: Int! = 3 }
  interface Node { id: ID!, name: String, self: Node, risky: String! }
  type Pet implements Node {
    id: ID! name: String self: Node risky: String! mood: Mood! weight: Float friends: [Pet!] toys: [Toy]! owner: Person
    secret: String echo(text: String = "pet", filter: Filter, any: JSON): String!
  }
  type Person implements Node {
    id: ID! name: String self: Node risky: String! age: Int! pets: [Pet!]! grid: [[Int!]!] happy: Boolean!
    secret: String
  }
  type Toy { label: String! strict: Int! keeper: Node! late: String }
  union Thing = Pet | Person | Toy
  type Query {
    pet(id: ID!): Pet
    people(first: Int = 2, filter: Filter): [Person!]!
    maybePeople: [Person]
    node(id: ID = "pet-1"): Node
    things(count: Int! = 3): [Thing!]
    thing: Thing
    toy: Toy!
    mood(is: Mood): Mood
    echo(any: JSON, filter: Filter, list: [Int], text: String!): JSON
    fails: String
    breaks: [String!]!
  }
  type Mutation { rename(id: ID!, name: String): Pet! spoil(id: ID!): Toy make(filter: Filter!): JSON }
`;

const row = (actions: Requirement['actions'] = []): Requirement => ({
  public: false,
  scopes: [],
  actions,
  destructive: false,
});
const readable = row([{ action: 'SPACE_READ', space: { from: 'parent', field: 'space' } }]);
const admin = row([{ action: 'SPACE_ADMIN', space: { from: 'parent', field: 'space' } }]);
const plain = makeExecutableSchema({ typeDefs });
const access: AccessTables = {
  typeAccess: { Pet: readable, Toy: row() },
  fieldAccess: {
    ...rowsFor(plain),
    'Pet.secret': admin,
    'Person.secret': row([{ action: 'SPACE_ADMIN', space: { from: 'root' } }]),
  },
};

function rowsFor(schema: GraphQLSchema): Record<string, Requirement> {
  const rows: Record<string, Requirement> = {};
  for (const type of Object.values(schema.getTypeMap()))
    if ('getFields' in type && !type.name.startsWith('__'))
      for (const field of Object.keys(type.getFields())) rows[`${type.name}.${field}`] = row();
  return rows;
}

const caller: Caller = {
  principal: { kind: 'USER', id: 'u', name: 'u' },
  session: 's',
  scopes: new Set(['mcp:write']),
  grants: new Map([
    ['a', new Set(['SPACE_READ', 'SPACE_ADMIN'] as const)],
    ['b', new Set(['SPACE_READ'] as const)],
  ]),
};
const context = {
  caller,
  origin: { via: 'GRAPHQL', requestId: 'r', remoteAddress: undefined, client: undefined },
} as const;

const spaces = ['a', 'b', 'c']; // c is closed to the caller
const aPet = (number: number): object => ({
  __typename: 'Pet',
  id: number % 2 === 0 ? `pet-${number}` : number, // a number is an ID too
  space: spaces[number % 3],
  name: number % 4 === 0 ? null : `Pet "${number}" \u2028 <é>`,
  mood: ['GOOD', 'BAD', 'ODD'][number % 3],
  weight: number / 3,
  number,
});
const aPerson = (number: number): object => ({
  __typename: 'Person',
  id: `person-${number}`,
  name: `Person ${number}`,
  age: 20 + number,
  happy: number % 2 === 0,
  grid: [[1, 2], [number]],
  number,
});
const aToy = (number: number): object => ({
  __typename: 'Toy',
  label: `Toy ${number}`,
  strict: number % 3 === 0 ? null : number,
  number,
});
const numberOf = (source: unknown): number => Number(Reflect.get(Object(source), 'number') ?? 0);
const later = <T>(value: T): Promise<T> => Promise.resolve().then(() => value);
const sometimes = <T>(source: unknown, value: T): T | Promise<T> => (numberOf(source) % 2 === 0 ? value : later(value));
const risky = (source: unknown): string | null => {
  const number = numberOf(source);
  if (number % 5 === 1) throw new AppError('CONFLICT', `risky ${number}`);
  return number % 5 === 2 ? null : `fine ${number}`;
};
const echo = (_source: unknown, args: object): string => JSON.stringify(args);

const resolvers = {
  Query: {
    pet: (_: unknown, { id }: { id: string }) =>
      sometimes({ number: id.length }, id === 'none' ? null : aPet(Number(id.replace(/\D/g, '')) || 0)),
    people: (_: unknown, args: { first: number | null }) =>
      Array.from({ length: Math.min(args.first ?? 0, 4) }, (_each, at) => aPerson(at)),
    maybePeople: () => later([aPerson(1), null, later(aPerson(2)), new Error('no person')]),
    node: (_: unknown, { id }: { id: string | null }) =>
      id === null ? null : id.startsWith('pet') ? aPet(1) : aPerson(3),
    things: (_: unknown, { count }: { count: number }) =>
      count > 6
        ? null
        : Array.from({ length: Math.max(0, count) }, (_each, at) => [aPerson(at), aToy(at + 1), aPet(at * 3)][at % 3]),
    thing: () => later(aToy(3)),
    toy: () => aToy(1),
    mood: (_: unknown, args: { is?: string }) => args.is,
    echo: (_: unknown, args: object) => args,
    fails: () => Promise.reject(new AppError('NO_SUCH', 'no such thing: "x"')),
    breaks: () => ['a', null, 'c'],
  },
  Mutation: {
    rename: (_: unknown, { id, name }: { id: string; name: string | null }) =>
      sometimes({ number: id.length }, { ...aPet(id.length), name }),
    spoil: (_: unknown, { id }: { id: string }) => (id === 'bad' ? later(aToy(3)) : aToy(2)),
    make: (_: unknown, args: object) => later(args),
  },
  Pet: {
    self: (pet: unknown) => sometimes(pet, aPet(numberOf(pet) + 1)),
    risky: (pet: unknown) => (numberOf(pet) % 3 === 0 ? risky(pet) : later(pet).then(risky)),
    friends: (pet: unknown) => (numberOf(pet) > 3 ? null : sometimes(pet, [aPet(0), aPet(3)])),
    toys: (pet: unknown) => [aToy(numberOf(pet)), null, aToy(2)],
    owner: (pet: unknown) => later(aPerson(numberOf(pet))),
    secret: () => 'secret',
    echo,
  },
  Person: {
    self: (person: unknown) => aPerson(numberOf(person) + 1),
    risky: (person: unknown) => sometimes(person, person instanceof Object ? risky(person) : null),
    pets: (person: unknown) => sometimes(person, [aPet(0), aPet(numberOf(person) * 3)]),
    secret: () => later('secret'),
  },
  Toy: {
    keeper: (toy: unknown) => (numberOf(toy) % 2 === 0 ? aPet(3) : later(aPerson(1))),
    late: (toy: unknown) => later(numberOf(toy)).then((number) => (number === 2 ? null : 'late')),
  },
};

const table = createAccessTable(access);
const bits = createActionBits(table.actions);
const schema = guardSchema(makeExecutableSchema({ typeDefs, resolvers }), { table, spaceOf: {}, onRefusal: () => {} });
const compiler = createCompiler(schema);
const preparation = {
  schema,
  strangersSchema: () => undefined,
  table,
  bits,
  limits: { ...defaultLimits, aliases: 1_000, expandedFields: 10_000 },
};

// --- generator: operations that validation mostly accepts

interface Generated {
  readonly document: string;
  readonly variables: JsonObject;
}

const jsonLiteral = fc.constantFrom(
  '1',
  '"x"',
  'null',
  '[1, {a: "b"}]',
  '{__proto__: {x: 1}, k: [true]}',
  '"__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d0"',
  '{toString: 2}',
  '1.5e3',
  '$json',
  '{in: $json}',
);
const filterLiteral = fc.constantFrom(
  'null',
  '{}',
  '{mood: BAD}',
  '{words: "one"}',
  '{words: ["a", "b"], deep: {mood: ODD}}',
  '$filter',
  '{words: [$text], count: 4}',
  '{deep: $filter}',
);
const textLiteral = fc.constantFrom('"t"', '"""block\n  text"""', '"q\\"\\u00e9"', '$text', '"NaN"');
const idLiteral = fc.constantFrom('"pet-2"', '"person-1"', '7', '"none"', '$id', '"bad"');
const optionalIdLiteral = fc.oneof(idLiteral, fc.constantFrom('null', '$maybeId'));
const intLiteral = fc.constantFrom('0', '1', '3', '$count', '$defaulted');
const directive = fc.oneof(
  { weight: 12, arbitrary: fc.constant('') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '@skip(if: $yes)',
      '@include(if: $no)',
      '@skip(if: true)',
      '@include(if: $yes) @skip(if: $no)',
    ),
  },
);

type Selection = fc.Arbitrary<string>;
const field = (name: Selection, inner?: Selection): Selection =>
  fc
    .tuple(
      fc.constantFrom('', '', '', 'a_', 'index_', 'length_'),
      name,
      directive,
      inner === undefined ? fc.constant('') : inner.map((text) => ` { ${text} }`),
    )
    .map(([prefix, text, conditions, below]) => `${aliasFor(prefix, text)}${text} ${conditions}${below}`);
/** Equal names must mean equal fields: with arguments, every use gets a number of its own instead of `#`. */
function aliasFor(prefix: string, text: string): string {
  const name = /^\w+/.exec(text)?.[0] ?? '';
  if (text.includes('(')) return `${prefix}${name}_#: `;
  if (prefix === 'length_' && name === 'id') return 'constructor: ';
  return prefix === '' ? '' : `${prefix}${name}: `;
}
const args = (
  name: string,
  given: Readonly<Record<string, fc.Arbitrary<string>>>,
  required: readonly string[] = [],
): Selection =>
  fc
    .record(
      Object.fromEntries(
        Object.entries(given).map(([key, value]) => [
          key,
          required.includes(key) ? value : fc.option(value, { nil: undefined }),
        ]),
      ),
    )
    .map((values) => {
      const list = Object.entries(values).filter(([, value]) => value !== undefined);
      return list.length === 0 ? name : `${name}(${list.map(([key, value]) => `${key}: ${String(value)}`).join(', ')})`;
    });
const nesting = fc.createDepthIdentifier(); // choices deep inside fall back to the first one: leaves
const some = (...choices: readonly Selection[]): Selection =>
  fc
    .array(fc.oneof({ maxDepth: 3, depthIdentifier: nesting }, ...choices), { minLength: 1, maxLength: 3 })
    .map((list) => list.join(' '));
const leaf = (...names: readonly string[]): Selection => field(fc.constantFrom(...names));
const on = (type: string, inner: Selection): Selection =>
  fc.tuple(directive, inner).map(([conditions, text]) => `... on ${type} ${conditions}{ ${text} }`);

const selections = fc.letrec<{ pet: string; person: string; toy: string; node: string; thing: string }>((tie) => ({
  pet: some(
    leaf('id', 'name', '__typename', 'mood', 'weight', 'risky', 'secret'),
    field(args('echo', { text: textLiteral, filter: filterLiteral, any: jsonLiteral })),
    field(fc.constant('self'), tie('node')),
    field(fc.constant('friends'), tie('pet')),
    field(fc.constant('toys'), tie('toy')),
    field(fc.constant('owner'), tie('person')),
    fc.constant('...PetParts'),
    on('Node', leaf('id', 'name')),
  ),
  person: some(
    leaf('id', 'name', '__typename', 'age', 'grid', 'happy', 'risky', 'secret'),
    field(fc.constant('self'), tie('node')),
    field(fc.constant('pets'), tie('pet')),
    fc.constant('...NodeParts'),
  ),
  toy: some(leaf('label', 'strict', 'late', '__typename'), field(fc.constant('keeper'), tie('node'))),
  node: some(
    leaf('id', 'name', '__typename', 'risky'),
    field(fc.constant('self'), tie('node')),
    on('Pet', tie('pet')),
    on('Person', tie('person')),
    fc.constant('...NodeParts'),
  ),
  thing: some(
    leaf('__typename'),
    on('Pet', tie('pet')),
    on('Person', tie('person')),
    on('Toy', tie('toy')),
    on('Node', tie('node')),
  ),
}));
const query = some(
  field(args('pet', { id: idLiteral }, ['id']), selections.pet),
  field(args('people', { first: intLiteral, filter: filterLiteral }), selections.person),
  field(fc.constant('maybePeople'), selections.person),
  field(args('node', { id: optionalIdLiteral }), selections.node),
  field(args('things', { count: intLiteral }), selections.thing),
  field(fc.constant('thing'), selections.thing),
  field(fc.constant('toy'), selections.toy),
  field(args('mood', { is: fc.constantFrom('GOOD', 'null', '$mood') })),
  field(
    args(
      'echo',
      {
        any: jsonLiteral,
        filter: filterLiteral,
        list: fc.constantFrom('1', '[1, null]', '[$count]', 'null'),
        text: textLiteral,
      },
      ['text'],
    ),
  ),
  leaf('fails', 'breaks', '__typename'),
).map((text) => `query Q VARIABLES { ${text} }`);
const mutation = some(
  field(args('rename', { id: idLiteral, name: textLiteral }, ['id']), selections.pet),
  field(args('spoil', { id: idLiteral }, ['id']), selections.toy),
  field(args('make', { filter: filterLiteral }, ['filter'])),
).map((text) => `mutation Q VARIABLES { ${text} }`);

const definitions: readonly (readonly [name: string, type: string])[] = [
  ['yes', 'Boolean! = true'],
  ['no', 'Boolean!'],
  ['id', 'ID!'],
  ['maybeId', 'ID'],
  ['count', 'Int!'],
  ['defaulted', 'Int = 1'],
  ['text', 'String!'],
  ['json', 'JSON'],
  ['filter', 'Filter'],
  ['mood', 'Mood'],
];
const variables: fc.Arbitrary<JsonObject> = fc.record(
  {
    no: fc.boolean(),
    id: fc.constantFrom('pet-1', 'person-2', 4),
    count: fc.constantFrom(0, 1, 2, 5),
    text: fc.constantFrom('x', 'né "\\'),
    maybeId: fc.constantFrom('pet-3', null),
    defaulted: fc.constantFrom(2, null),
    json: fc.constantFrom<JsonObject[string]>(1, null, { a: [1, 'x', { b: null }] }),
    filter: fc.constantFrom<JsonObject[string]>(null, { mood: 'BAD', words: 'w', deep: { count: 1 } }, {}),
    mood: fc.constantFrom('ODD', null),
    yes: fc.boolean(),
  },
  { requiredKeys: ['no', 'id', 'count', 'text'] },
);
const parts = fc
  .tuple(selections.pet, selections.node)
  .map(
    ([pet, node]) =>
      `fragment PetParts on Pet { ${pet.replaceAll('...PetParts', 'id')} } fragment NodeParts on Node { ${node.replaceAll(/\.\.\.(PetParts|NodeParts)/g, 'id')} }`,
  );

const operation: fc.Arbitrary<Generated> = fc
  .tuple(fc.oneof({ weight: 4, arbitrary: query }, { weight: 1, arbitrary: mutation }), parts, variables, fc.nat(19))
  .map(([text, fragments, given, chance]) =>
    complete(chance === 0 ? text : compilable(text), chance === 0 ? fragments : compilable(fragments), given),
  );

/** Takes out what would send nearly every document to graphql-js, so that it stays in only some of them. */
function compilable(text: string): string {
  return text
    .replace(/@(skip|include)\(if: [^)]*\)/g, '')
    .replaceAll('constructor: ', '')
    .replaceAll('{in: $json}', '$json');
}

/** Adds the fragments and the variable definitions that the text uses. */
function complete(text: string, fragments: string, variables: JsonObject): Generated {
  const [petParts = '', nodeParts = ''] = fragments.split(/ (?=fragment NodeParts)/);
  let document = text;
  if (document.includes('...PetParts')) document += ` ${petParts}`;
  if (document.includes('...NodeParts')) document += ` ${nodeParts}`;
  if (document.includes('...PetParts') && !document.includes('fragment PetParts')) document += ` ${petParts}`;
  let number = 0;
  document = document.replaceAll('#', () => String(number++));
  const used = definitions.filter(([name]) => new RegExp(`\\$${name}\\b`).test(document));
  const list = used.map(([name, type]) => `$${name}: ${type}`).join(' ');
  return { document: document.replace('VARIABLES', list === '' ? '' : `(${list})`), variables };
}

// --- comparison

interface Answer {
  readonly data: string;
  readonly errors: readonly string[];
}

function answerOf({ data, errors }: { data?: unknown; errors?: readonly unknown[] | undefined }): Answer {
  const masked = maskErrors(errors ?? [], 'r', silentLogger);
  const lines = masked.map(({ message, path = [], extensions }) => {
    const nulled = nulledPlace(data, path);
    // Where several fields fail below one place that becomes null, the specification leaves open which is told.
    const detail = nulled.length === path.length ? `${extensions.code} ${message}` : 'failed below';
    return `${nulled.join('.')} ${detail}`;
  });
  return { data: JSON.stringify(data) ?? 'undefined', errors: [...new Set(lines)].toSorted() };
}

/** The first part of the path at which the answer holds null. */
function nulledPlace(data: unknown, path: readonly (string | number)[]): readonly (string | number)[] {
  let value = data;
  for (const [at, step] of path.entries()) {
    if (value === null || value === undefined) return path.slice(0, at);
    value = Reflect.get(Object(value), step);
  }
  return path;
}

function prepareOrRefuse(document: string): PreparedOperation | undefined {
  try {
    return prepareDocument(preparation, document, undefined, false);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

async function assertSameAnswer(prepared: PreparedOperation, variables: JsonObject, document: string): Promise<void> {
  const expected = execute({ schema, document: prepared.document, contextValue: context, variableValues: variables });
  const actual = compiler.compile(prepared)(context, coerceVariables(schema, prepared, variables), variables);
  assert.deepEqual(answerOf(await actual), answerOf(await expected), document);
}

const RUNS = Number(process.env['SLUICE_TEST_RUNS'] ?? (process.env['CI'] === undefined ? 2_000 : 10_000));
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 2 ** 31);

describe('the compiled path', function () {
  it(`answers ${RUNS} generated operations as graphql-js does (seed ${seed})`, async () => {
    const seen = { interpreted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(operation, async ({ document, variables }) => {
        const prepared = prepareOrRefuse(document);
        if (prepared === undefined) seen.refused += 1;
        const compiles = prepared !== undefined && findDifference(schema, prepared) === undefined;
        if (prepared !== undefined && !compiles) seen.interpreted += 1;
        fc.pre(compiles);
        await assertSameAnswer(prepared, variables, document);
      }),
      { numRuns: RUNS, seed },
    );
    // What graphql-js runs anyway is compared with nothing: most of what is generated must compile.
    assert.ok(seen.interpreted + seen.refused < RUNS / 2, JSON.stringify(seen));
  });
});
