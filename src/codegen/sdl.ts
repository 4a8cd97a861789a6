import {
  buildASTSchema,
  GraphQLError,
  Kind,
  parse,
  printSchema,
  Source,
  specifiedDirectives,
  type ConstDirectiveNode,
  type DefinitionNode,
  type DocumentNode,
  type EnumTypeDefinitionNode,
  type EnumTypeExtensionNode,
  type FieldDefinitionNode,
  type GraphQLSchema,
  type InputObjectTypeDefinitionNode,
  type InputObjectTypeExtensionNode,
  type ObjectTypeDefinitionNode,
  type ObjectTypeExtensionNode,
} from 'graphql';
import { GraphQLSchema as Schema, lexicographicSortSchema } from 'graphql';
import { validateSDL } from 'graphql/validation/validate.js';

import type { SourceFile } from './read-sources.ts';
import { CodegenRefused, placeOf, type Refusal } from './refusals.ts';

/** An object type with everything that its definition and its extensions say. */
export interface ObjectType {
  readonly name: string;
  readonly node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode;
  readonly directives: readonly ConstDirectiveNode[];
  readonly fields: ReadonlyMap<string, FieldDefinitionNode>;
}

export interface Sdl {
  readonly document: DocumentNode;
  readonly schema: GraphQLSchema;
  readonly objects: ReadonlyMap<string, ObjectType>;
}

// Directives steer code generation and the gateway; clients see their effect, not them.
const INTERNAL_TYPES = new Set(['ToolEndpoint']);

/** @throws CodegenRefused naming file and line, for text that does not parse and for SDL that contradicts itself */
export function readSdl(files: readonly SourceFile[]): Sdl {
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: files.flatMap((file) => parseFile(file)) };
  const errors = validateSDL(document);
  if (errors.length > 0) throw new CodegenRefused(errors.map(fromGraphqlError));
  return { document, schema: buildASTSchema(document, { assumeValidSDL: true }), objects: objectsOf(document) };
}

export function parseFile(file: SourceFile): readonly DefinitionNode[] {
  try {
    return parse(new Source(file.text, file.path)).definitions;
  } catch (error) {
    if (error instanceof GraphQLError) throw new CodegenRefused([fromGraphqlError(error)]);
    throw error;
  }
}

export function fromGraphqlError(error: GraphQLError): Refusal {
  // The second place is the later one: for a name given twice, the one to mend.
  const node = error.nodes?.at(-1);
  if (node !== undefined) return { where: placeOf(node), message: error.message };
  return { where: `${error.source?.name ?? 'schema'}:${error.locations?.[0]?.line ?? 1}`, message: error.message };
}

/** The schema as clients see it, sorted, so that equal schemas give equal text. */
export function printSdl(schema: GraphQLSchema): string {
  return printSchema(shownSchema(schema));
}

/** The same, for printing type by type. */
export function shownSchema(schema: GraphQLSchema): GraphQLSchema {
  const config = schema.toConfig();
  const types = config.types.filter((type) => !INTERNAL_TYPES.has(type.name));
  return lexicographicSortSchema(new Schema({ ...config, directives: specifiedDirectives, types }));
}

export type EnumNode = EnumTypeDefinitionNode | EnumTypeExtensionNode;
export type InputNode = InputObjectTypeDefinitionNode | InputObjectTypeExtensionNode;

export function enumsOf(document: DocumentNode): EnumNode[] {
  return document.definitions.filter(
    (node): node is EnumNode =>
      (node.kind === Kind.ENUM_TYPE_DEFINITION || node.kind === Kind.ENUM_TYPE_EXTENSION) &&
      !INTERNAL_TYPES.has(node.name.value),
  );
}

export function isObjectNode(node: DefinitionNode): node is ObjectTypeDefinitionNode | ObjectTypeExtensionNode {
  return node.kind === Kind.OBJECT_TYPE_DEFINITION || node.kind === Kind.OBJECT_TYPE_EXTENSION;
}

function objectsOf(document: DocumentNode): ReadonlyMap<string, ObjectType> {
  const objects = new Map<string, ObjectType>();
  for (const node of document.definitions.filter(isObjectNode)) {
    const known = objects.get(node.name.value);
    objects.set(node.name.value, {
      name: node.name.value,
      node: known?.node ?? node,
      directives: [...(known?.directives ?? []), ...(node.directives ?? [])],
      fields: new Map([
        ...(known?.fields ?? []),
        ...(node.fields ?? []).map((field) => [field.name.value, field] as const),
      ]),
    });
  }
  return objects;
}
