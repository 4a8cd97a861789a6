import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isRequiredInputField,
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
} from 'graphql';

import type { JsonSchema } from './tool.ts';

const scalars: Readonly<Record<string, JsonSchema>> = {
  ID: { type: 'string' },
  String: { type: 'string' },
  Int: { type: 'integer' },
  Float: { type: 'number' },
  Boolean: { type: 'boolean' },
  // Tools take JSON for configurations, states and variables: always an object.
  JSON: { type: 'object' },
};

/** What a tool's argument looks like, and how its spelling is turned back into GraphQL's. */
export interface InputShape {
  readonly schema: JsonSchema;
  readonly keys: Readonly<Record<string, string>>;
  /** Keys of an input object whose values are words of an enum. */
  readonly words: readonly string[];
}

/**
 * JSON Schema of a variable's type, everything inlined, in the spelling of tools.
 *
 * @throws Error saying why, for what a flat schema cannot say
 */
export function inputShapeOf(type: GraphQLInputType): InputShape {
  const spelling: Spelling = { keys: {}, words: [] };
  return { schema: schemaOf(type, [], spelling), ...spelling };
}

interface Spelling {
  readonly keys: Record<string, string>;
  readonly words: string[];
}

function schemaOf(type: GraphQLInputType, within: readonly string[], spelling: Spelling): JsonSchema {
  const bare = getNullableType(type);
  if (isListType(bare)) return { type: 'array', items: schemaOf(bare.ofType, within, spelling) };
  const named = getNamedType(bare);
  if (isEnumType(named)) return enumSchemaOf(named, within);
  if (isInputObjectType(named)) return objectSchemaOf(named, within, spelling);
  return scalars[named.name] ?? {};
}

function enumSchemaOf(type: GraphQLEnumType, within: readonly string[]): JsonSchema {
  if (within.length > 1) {
    throw new Error(
      `enum ${type.name} lies too deep inside ${within[0]}, where a tool cannot spell it: give it a variable of its own`,
    );
  }
  return { type: 'string', enum: type.getValues().map((value) => value.name.toLowerCase()) };
}

function objectSchemaOf(
  type: GraphQLInputObjectType,
  within: readonly string[],
  { keys, words }: Spelling,
): JsonSchema {
  if (within.includes(type.name)) {
    throw new Error(`input ${type.name} holds itself, which a flat schema cannot say: take its fields as variables`);
  }
  const fields = Object.values(type.getFields());
  const properties: Record<string, JsonSchema> = {};
  for (const field of fields) {
    const key = snakeCase(field.name);
    if (keys[key] !== undefined && keys[key] !== field.name) {
      throw new Error(`${type.name}.${field.name} and ${keys[key]} are both spelled ${key} in a tool: rename one`);
    }
    keys[key] = field.name;
    if (isEnumType(getNullableType(field.type))) words.push(key);
    const schema = schemaOf(field.type, [...within, type.name], { keys, words });
    properties[key] = field.description === undefined ? schema : { ...schema, description: field.description ?? '' };
  }
  const required = fields.filter(isRequiredInputField).map((field) => snakeCase(field.name));
  return { type: 'object', properties, required, additionalProperties: false };
}

/** `sourceField` -> `source_field`, `resourceID` -> `resource_id`. */
function snakeCase(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}
