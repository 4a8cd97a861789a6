import assert from 'node:assert/strict';

import { buildModel } from './model.ts';
import { CodegenRefused } from './refusals.ts';

// The smallest API that passes; each test below spoils one thing in it.
const schema = `
"Any JSON value."
scalar JSON
"A heading."
directive @category("The heading." name: String!, "What of." description: String!) repeatable on ENUM
"What a role can allow."
enum Action @category(name: "Space", description: "Spaces.") {
  "See it."
  SPACE_READ
}
"Open to all."
directive @public on FIELD_DEFINITION
"Any token."
directive @authenticated on FIELD_DEFINITION | OBJECT
"Scopes."
directive @requiresScopes("Which." scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT
"An action in a space."
directive @requiresAction("Which." action: Action!, "Where." space: String!) repeatable on FIELD_DEFINITION | OBJECT
"Destroys."
directive @destructive on FIELD_DEFINITION
"Endpoints."
enum ToolEndpoint {
  "One."
  MAIN
  "Other."
  INTENT
}
"A tool."
directive @tool(
  "Name."
  name: String!
  "Kind."
  kind: String
  "Where."
  endpoint: ToolEndpoint! = MAIN
  "Title."
  title: String
  "Destroys."
  destructive: Boolean! = false
  "Twice is once."
  idempotent: Boolean! = false
  "Reaches out."
  openWorld: Boolean! = false
) repeatable on QUERY | MUTATION
"Where a thing is put."
input Place {
  "Space."
  space: ID!
  "Room."
  room: Room
}
"A room, which may lie in a room."
input Room {
  "Outer room."
  outer: Room
}
"Colours."
enum Colour {
  "Red."
  RED
}
"Reads."
type Query {
  "One thing."
  thing("Its id." id: ID!, "Its place." place: Place, "Its colour." colour: Colour): Thing @requiresAction(action: SPACE_READ, space: "thing(args.id)")
  "All things."
  things: [Thing!]! @requiresAction(action: SPACE_READ, space: "any")
}
"Changes."
type Mutation {
  "Removes a thing."
  thingDelete("Its id." id: ID!, "Its place." place: Place): Thing @destructive @requiresAction(action: SPACE_READ, space: "thing(args.id)")
}
"A thing."
type Thing @requiresAction(action: SPACE_READ, space: "parent.space") {
  "Id."
  id: ID!
  "Space."
  space: ID!
  "Size."
  size: Int
}
`;
const tool = `
"Reads a thing."
query ($id: ID!) @tool(name: "thing-get", endpoint: INTENT) { thing(id: $id) { id } }
`;

function build(schemaText: string, toolText = tool) {
  return buildModel({
    schema: [{ path: 'schema/things.graphql', text: schemaText }],
    tools: [{ path: 'schema/tools/things.graphql', text: toolText }],
    catalog: undefined,
    snapshots: [],
  });
}

function refusalOf(schemaText: string, toolText = tool): string {
  try {
    build(schemaText, toolText);
  } catch (error) {
    if (error instanceof CodegenRefused) return error.message;
    throw error;
  }
  return 'nothing was refused';
}

/** Line of the first occurrence, counted as editors do. */
function lineOf(text: string, part: string): number {
  return text.slice(0, text.indexOf(part)).split('\n').length;
}

function spoil(part: string, by: string): { text: string; line: number } {
  assert.ok(schema.includes(part), `the schema has ${part}`);
  return { text: schema.replace(part, by), line: lineOf(schema, part) };
}

function expectSchemaRefused(part: string, by: string, message: RegExp): void {
  const { text, line } = spoil(part, by);
  const said = refusalOf(text);
  assert.match(said, message);
  assert.match(said, new RegExp(`^schema/things\\.graphql:${line}: `, 'm'));
}

function expectToolRefused(text: string, message: RegExp): void {
  const said = refusalOf(schema, text);
  assert.match(said, message);
  assert.match(said, /^schema\/tools\/things\.graphql:\d+: /);
}

describe('what code generation refuses', () => {
  it('takes the API that the other tests spoil', () => {
    assert.equal(refusalOf(schema), 'nothing was refused');
  });

  it('text that does not parse', () => {
    assert.match(refusalOf('type {'), /^schema\/things\.graphql:1: Syntax Error/);
  });

  describe('access', () => {
    const guard = ' @requiresAction(action: SPACE_READ, space: "parent.space")';

    it('a field that neither its own directive nor its type covers', () => {
      const said = refusalOf(schema.replace(guard, ''));
      assert.match(said, /nothing covers Thing\.size: give the field or the type Thing an access directive/);
      assert.match(said, new RegExp(`^schema/things\\.graphql:${lineOf(schema, '"Size."')}: `, 'm'));
    });
    it('a root field that says nothing', () => {
      expectSchemaRefused(
        '"All things."',
        '"All things." open: Int "All things."',
        /Query\.open says nothing of who may use it/,
      );
    });
    it('an unknown action, with the one that may be meant', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "any")',
        '@requiresAction(action: SPACE_RED, space: "any")',
        /SPACE_RED.*SPACE_READ/,
      );
    });
    it('an unknown scope', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "any")',
        '@requiresScopes(scopes: [["mcp:reed"]])',
        /unknown scope "mcp:reed"; did you mean "mcp:read"\?/,
      );
    });
    it('an unknown noun', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "thing(args.id)")',
        '@requiresAction(action: SPACE_READ, space: "think(args.id)")',
        /unknown noun "think" \(a noun is .*\); did you mean "thing"\?/,
      );
    });
    it('an unknown argument', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "thing(args.id)")',
        '@requiresAction(action: SPACE_READ, space: "thing(args.idd)")',
        /Query\.thing has no argument "idd"; did you mean "id"\?/,
      );
    });
    it('an unknown field of an argument', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "thing(args.id)")',
        '@requiresAction(action: SPACE_READ, space: "args.place.spice")',
        /Place has no field "spice"; did you mean "space"\?/,
      );
    });
    it('a path that ends at something that names no space', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "thing(args.id)")',
        '@requiresAction(action: SPACE_READ, space: "args.place")',
        /must end at an ID or String/,
      );
    });
    it('an unknown field of the object at hand', () => {
      expectSchemaRefused('"parent.space"', '"parent.spice"', /Thing has no field "spice"; did you mean "space"\?/);
    });
    it('a space in none of the five forms', () => {
      expectSchemaRefused('"any"', '"somewhere"', /space must be args\.<path>/);
    });
    it('@public beside another access directive', () => {
      expectSchemaRefused(
        '@requiresAction(action: SPACE_READ, space: "any")',
        '@public @authenticated',
        /@public contradicts/,
      );
    });
  });

  describe('names and descriptions', () => {
    for (const [what, text, name] of [
      ['type', '"A thing."', 'type Thing'],
      ['field', '"Size."', 'field size'],
      ['argument', '"Its place."', 'argument place'],
      ['enum value', '"See it."', 'enum value SPACE_READ'],
      ['input field', '"Room."', 'argument room'],
    ] as const) {
      it(`a ${what} without description`, () => {
        assert.match(
          refusalOf(schema.replace(text, '')),
          new RegExp(`schema/things\\.graphql:\\d+: ${name} has no description`),
        );
      });
    }
    it('a type that is defined twice', () => {
      expectSchemaRefused(
        '"A room, which',
        '"Twice." input Place { "S." s: ID } "A room, which',
        /only one type named "Place"/,
      );
    });
    it('a field that is defined twice', () => {
      expectSchemaRefused('"Size."', '"Again." id: ID! "Size."', /"Thing\.id" can only be defined once/);
    });
    it('a type that does not exist', () => {
      expectSchemaRefused('size: Int', 'size: Number', /Unknown type "Number"/);
    });
  });

  describe('actions', () => {
    it('in a block without a heading', () => {
      const head = '"What a role can allow."\nenum Action';
      const category = ' @category(name: "Space", description: "Spaces.")';
      expectSchemaRefused(head + category, head, /actions without a category/);
    });
  });
  describe('tools', () => {
    it('an operation without description', () => {
      expectToolRefused('query ($id: ID!) @tool(name: "a") { thing(id: $id) { id } }', /tool "a" has no description/);
    });
    it('a document that does not fit the schema', () => {
      expectToolRefused(
        '"A." query ($id: ID!) @tool(name: "a") { thing(id: $id) { colour } }',
        /Cannot query field "colour" on type "Thing"/,
      );
    });
    it('an operation that is no tool', () => {
      expectToolRefused('"A." query { things { id } }', /no tool/);
    });
    it('two operations of one name and kind, naming the first', () => {
      const twice = `${tool}\n${tool}`;
      expectToolRefused(twice, /"thing-get" is declared twice, first at schema\/tools\/things\.graphql:2/);
    });
    it('an operation without kind beside others of its name', () => {
      const text = `${tool.replace('endpoint: INTENT', 'endpoint: INTENT, kind: "x"')}\n${tool}`;
      expectToolRefused(text, /give this one a kind too/);
    });
    it('one argument with two types', () => {
      const text = `
"A." query ($id: ID!) @tool(name: "a", kind: "one") { thing(id: $id) { id } }
"B." query ($id: Colour) @tool(name: "a", kind: "two") { thing(id: "x", colour: $id) { id } }`;
      expectToolRefused(text, /\$id is Colour here and ID! in another kind/);
    });
    it('an input that holds itself: it needs a reference', () => {
      expectToolRefused(
        '"A." query ($p: Place) @tool(name: "a") { thing(id: "x", place: $p) { id } }',
        /input Room holds itself/,
      );
    });
    it('several root fields', () => {
      expectToolRefused('"A." query @tool(name: "a") { x: things { id } y: things { id } }', /has 2 root fields/);
    });
    it('a list as the whole result', () => {
      expectToolRefused('"A." query @tool(name: "a") { things { id } }', /give the field an alias/);
    });
    it('a variable called $kind', () => {
      expectToolRefused('"A." query ($kind: ID!) @tool(name: "a") { thing(id: $kind) { id } }', /\$kind/);
    });
    it("the caller's own document without the variables for it", () => {
      expectToolRefused(
        '"A." query ($document: String!) @tool(name: "a") { __typename }',
        /needs the variable \$variables/,
      );
    });
  });
});
