import {
  getNullableType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLNamedOutputType,
  type GraphQLOutputType,
  type SelectionSetNode,
} from 'graphql';

import type { JsonSchema } from './tool.ts';

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

const scalars: Readonly<Record<string, string>> = {
  ID: 'string',
  String: 'string',
  Int: 'integer',
  Float: 'number',
  Boolean: 'boolean',
};

/** JSON Schema of what a selection answers with; keys are aliases where there are any. */
export function resultSchemaOf(
  type: GraphQLOutputType,
  selection: SelectionSetNode | undefined,
  fragments: Fragments,
): JsonSchema {
  const bare = getNullableType(type);
  const schema: JsonSchema = isListType(bare)
    ? { type: 'array', items: resultSchemaOf(bare.ofType, selection, fragments) }
    : namedSchemaOf(bare, selection, fragments);
  return isNonNullType(type) ? schema : orNull(schema);
}

function namedSchemaOf(
  type: GraphQLNamedOutputType,
  selection: SelectionSetNode | undefined,
  fragments: Fragments,
): JsonSchema {
  if (isObjectType(type) && selection !== undefined) return objectSchemaOf(type, selection, fragments);
  if (isEnumType(type)) return { type: 'string', enum: type.getValues().map((value) => value.name) };
  const scalar = scalars[type.name];
  return scalar === undefined ? {} : { type: scalar };
}

function objectSchemaOf(type: GraphQLObjectType, selection: SelectionSetNode, fragments: Fragments): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const field of fieldsOf(selection, fragments)) {
    const definition = type.getFields()[field.name.value];
    const key = field.alias?.value ?? field.name.value;
    properties[key] =
      definition === undefined
        ? { type: 'string' } // __typename
        : describe(resultSchemaOf(definition.type, field.selectionSet, fragments), definition.description);
  }
  return { type: 'object', properties };
}

/** Fields of a selection with its fragments spread. */
export function fieldsOf(selection: SelectionSetNode, fragments: Fragments): FieldNode[] {
  return selection.selections.flatMap((part) => {
    if (part.kind === Kind.FIELD) return [part];
    if (part.kind === Kind.INLINE_FRAGMENT) return fieldsOf(part.selectionSet, fragments);
    const fragment = fragments.get(part.name.value);
    return fragment === undefined ? [] : fieldsOf(fragment.selectionSet, fragments);
  });
}

function describe(schema: JsonSchema, description: string | null | undefined): JsonSchema {
  return description === null || description === undefined ? schema : { ...schema, description };
}

function orNull(schema: JsonSchema): JsonSchema {
  if (schema.type === undefined) return schema; // any JSON, null included
  const { enum: _values, ...open } = schema;
  return { ...open, type: [...(typeof schema.type === 'string' ? [schema.type] : schema.type), 'null'] };
}
