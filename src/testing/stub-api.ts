import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLOutputType,
} from 'graphql';

import type { Json, JsonObject } from '../shared/json.ts';
import type { Asked } from './access-oracle.ts';

// The whole API with nothing behind it: every resolver answers an object that lives in the space that its arguments
// name. Ids are names of spaces: the object with the id `own` lives in the space `own`.

export type StubResolver = (root: unknown, args: object) => unknown;

/** A resolver for every root field. */
export function stubResolvers(schema: GraphQLSchema, spaces: readonly string[]) {
  const stubs = (type: GraphQLObjectType | null | undefined): Record<string, StubResolver> =>
    Object.fromEntries(
      Object.values(type?.getFields() ?? {}).map((field) => [
        field.name,
        (_root: unknown, args: object) => aValue(field.type, spaceIn(args, spaces) ?? 'own'),
      ]),
    );
  return { Query: stubs(schema.getQueryType()), Mutation: stubs(schema.getMutationType()) };
}

function spaceIn(value: unknown, spaces: readonly string[]): string | undefined {
  if (typeof value === 'string') return spaces.includes(value) ? value : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const inner of Object.values(value)) {
    const found = spaceIn(inner, spaces);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value of the type whose every id is the name of the space. Lists are empty: narrowing them is not the gateway's. */
function aValue(type: GraphQLOutputType, space: string): unknown {
  const bare = getNullableType(type);
  if (isListType(bare)) return [];
  if (isObjectType(bare)) return anObject(bare, space);
  if (isEnumType(bare)) return bare.getValues()[0]?.name;
  return plainValues[bare.name] ?? space;
}

const plainValues: Readonly<Record<string, unknown>> = { Int: 1, Float: 1, Boolean: true, JSON: {}, Decimal: '1' };

function anObject(type: GraphQLObjectType, space: string): object {
  const object = {};
  for (const field of Object.values(type.getFields())) {
    Object.defineProperty(object, field.name, { enumerable: true, get: () => aValue(field.type, space) });
  }
  return object;
}

/** A document for one root field and a value for each of its arguments. */
export interface Question extends Omit<Asked, 'space' | 'absent'> {
  readonly name: string;
  readonly document: string;
  /** @param absent paths of optional arguments to leave out */
  variables(space: string, absent: readonly string[]): JsonObject;
  /** Paths of arguments that may be left out. */
  readonly optional: readonly string[];
}

/** One question for each root field, with the leaf that asks for the least. */
export function rootQuestions(schema: GraphQLSchema): Question[] {
  const types = [schema.getQueryType(), schema.getMutationType()];
  return types.flatMap((type) =>
    type == null
      ? []
      : Object.values(type.getFields()).map((field) => questionOf(type, field, leafPath(field.type, []))),
  );
}

/** A question for each field named, by the shortest way there from a query that gives one object. */
export function fieldQuestions(schema: GraphQLSchema, wanted: readonly string[]): Question[] {
  const query = schema.getQueryType();
  if (query == null) return [];
  return wanted.map((name) => {
    const [type = '', field = ''] = name.split('.');
    const way = Object.values(query.getFields()).find(
      (each) => !isListType(getNullableType(each.type)) && getNamedType(each.type).name === type,
    );
    const object = schema.getType(type);
    if (way === undefined || !isObjectType(object))
      throw new Error(`no query gives one ${type}: ask for ${name} by hand`);
    const leaf = object.getFields()[field];
    if (leaf === undefined) throw new Error(`no field ${name}`);
    const path = [stepOf(object, leaf), ...leafPath(leaf.type, [type])];
    return questionOf(query, way, path);
  });
}

type Step = Asked['path'][number];

function stepOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): Step {
  return { type: type.name, field: field.name, nullable: !isNonNullType(field.type) };
}

/** Down to a value without arguments; fields that ask for more than their type are called something else than these. */
function leafPath(type: GraphQLOutputType, seen: readonly string[]): Step[] {
  const object = getNamedType(type);
  if (!isObjectType(object)) return [];
  const fields = Object.values(object.getFields()).filter(({ args }) => args.length === 0);
  const order = ['id', ...fields.map(({ name }) => name)];
  const plain = fields
    .filter((field) => !isObjectType(getNamedType(field.type)) && !['config', 'state', 'plan'].includes(field.name))
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))[0];
  if (plain !== undefined) return [stepOf(object, plain)];
  for (const field of fields) {
    if (seen.includes(object.name)) continue;
    const path = leafPath(field.type, [...seen, object.name]);
    if (path.length > 0) return [stepOf(object, field), ...path];
  }
  return [];
}

function questionOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>, below: readonly Step[]): Question {
  const kind = type.name === 'Mutation' ? 'mutation' : 'query';
  const gives = getNamedType(field.type);
  const path = [stepOf(type, field), ...below];
  const declared = field.args.map(({ name, type: argument }) => `$${name}: ${String(argument)}`).join(', ');
  const passed = field.args.map(({ name }) => `${name}: $${name}`).join(', ');
  const head = field.args.length === 0 ? field.name : `${field.name}(${passed})`;
  const selection = below.reduceRight((inner, step) => ` { ${step.field}${inner} }`, '');
  return {
    name: path.map((step) => step.field).join('.'),
    kind,
    path,
    gives: isObjectType(gives) ? gives.name : undefined,
    givesList: isListType(getNullableType(field.type)),
    document: `${kind}${declared === '' ? '' : ` (${declared})`} { answer: ${head}${selection} }`,
    optional: field.args.flatMap(({ name, type: argument }) => optionalPaths(argument, name)),
    variables: (space, absent) =>
      Object.fromEntries(
        field.args
          .filter(({ name }) => !absent.includes(name))
          .map(({ name, type: argument }) => [name, anInput(argument, space, name, absent)]),
      ),
  };
}

function optionalPaths(type: GraphQLInputType, path: string): string[] {
  const own = isNonNullType(type) ? [] : [path];
  const bare = getNullableType(type);
  if (!isInputObjectType(bare)) return own;
  return [
    ...own,
    ...Object.values(bare.getFields())
      .filter((f) => !isNonNullType(f.type))
      .map((f) => `${path}.${f.name}`),
  ];
}

/** Required parts and plain optional ones; ids and texts are the name of the space. */
function anInput(type: GraphQLInputType, space: string, path: string, absent: readonly string[]): Json {
  const bare = getNullableType(type);
  if (isListType(bare)) return [];
  if (isEnumType(bare)) return bare.getValues()[0]?.name ?? '';
  if (!isInputObjectType(bare)) return (plainInputs[bare.name] ?? space) as Json;
  const fields = Object.values(bare.getFields()).filter(
    (field) =>
      !absent.includes(`${path}.${field.name}`) &&
      (isNonNullType(field.type) || !isInputObjectType(getNamedType(field.type))),
  );
  return Object.fromEntries(
    fields.map((field) => [field.name, anInput(field.type, space, `${path}.${field.name}`, absent)]),
  );
}

const plainInputs: Readonly<Record<string, Json>> = { Int: 1, Float: 1, Boolean: true, JSON: {}, Decimal: 1 };
