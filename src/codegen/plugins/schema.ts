import {
  GraphQLObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printType,
  type GraphQLSchema,
} from 'graphql';

import type { CatalogSdl } from '../catalog/build-catalog.ts';
import { shownSchema } from '../sdl.ts';
import { stamp } from './stamp.ts';

/** generated/schema.graphql: the whole API in one sorted text, catalogued types included. */
export function printWholeSchema(schema: GraphQLSchema, catalog: CatalogSdl): string {
  const shown = shownSchema(schema);
  const types = Object.values(shown.getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  const texts = new Map(types.map((type) => [type.name, printType(type)]));
  const mutation = shown.getMutationType();
  if (isObjectType(mutation)) texts.set(mutation.name, printMutations(mutation, catalog.mutations));
  const all = [...texts, ...catalog.types].toSorted(byName).map(([, text]) => text);
  return `${stamp('schema/', '#')}\n${all.join('\n\n')}\n`;
}

function printMutations(type: GraphQLObjectType, catalogued: ReadonlyMap<string, string>): string {
  const { fields, ...config } = type.toConfig();
  const written = Object.entries(fields).map(([name, field]): [string, string] => [
    name,
    bodyOf(printType(new GraphQLObjectType({ name: type.name, fields: { [name]: field } }))),
  ]);
  const [head] = printType(new GraphQLObjectType({ ...config, fields: {} })).split(' {');
  return `${head} {\n${[...written, ...catalogued]
    .toSorted(byName)
    .map(([, text]) => text)
    .join('\n\n')}\n}`;
}

function bodyOf(text: string): string {
  return text.split('\n').slice(1, -1).join('\n');
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
