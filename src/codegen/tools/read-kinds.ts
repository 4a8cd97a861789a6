import {
  getNamedType,
  isObjectType,
  Kind,
  NoUnusedVariablesRule,
  specifiedRules,
  validate,
  getDirectiveValues,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type OperationDefinitionNode,
} from 'graphql';

import { nothingFurther, type AccessTable, type Requirement } from '../access/requirement.ts';
import type { SourceFile } from '../read-sources.ts';
import { refusal, refuseAll, type Refusal } from '../refusals.ts';
import { fromGraphqlError, parseFile, type Sdl } from '../sdl.ts';
import { fragmentsUsedBy, printDocument } from './document-text.ts';
import { readVariables } from './read-variables.ts';
import { fieldsOf, resultSchemaOf } from './result-schema.ts';
import type { Endpoint, JsonSchema, ToolKind, ToolVariable } from './tool.ts';

/** One `@tool` of one operation, with what the tool as a whole takes from it. */
export interface DeclaredKind {
  readonly tool: { readonly name: string; readonly endpoint: Endpoint; readonly title: string | undefined };
  readonly node: OperationDefinitionNode;
  /** Description up to the first blank line, and what follows it. */
  readonly paragraphs: readonly string[];
  readonly kind: ToolKind;
}

interface ToolsContext {
  readonly sdl: Sdl;
  readonly access: AccessTable;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** @throws CodegenRefused for documents that do not fit the schema and tools that assistants could not use */
export function readKinds(files: readonly SourceFile[], sdl: Sdl, access: AccessTable): DeclaredKind[] {
  const refusals: Refusal[] = [];
  const kinds = files.flatMap((file) => readFile(file, sdl, access, refusals));
  refuseAll(refusals);
  return kinds;
}

function readFile(file: SourceFile, sdl: Sdl, access: AccessTable, refusals: Refusal[]): DeclaredKind[] {
  const definitions = parseFile(file);
  const fragments = new Map(
    definitions
      .filter((node): node is FragmentDefinitionNode => node.kind === Kind.FRAGMENT_DEFINITION)
      .map((node) => [node.name.value, node] as const),
  );
  const context: ToolsContext = { sdl, access, fragments };
  return definitions.flatMap((node) => {
    if (node.kind === Kind.OPERATION_DEFINITION) return readOperation(node, context, refusals);
    if (node.kind !== Kind.FRAGMENT_DEFINITION)
      refusals.push(refusal(node, 'a tool document holds operations and fragments only'));
    return [];
  });
}

function readOperation(node: OperationDefinitionNode, context: ToolsContext, refusals: Refusal[]): DeclaredKind[] {
  const wrong = [...checkOperation(node, context)];
  refusals.push(...wrong);
  if (wrong.length > 0) return [];
  try {
    return declaredKinds(node, context);
  } catch (error) {
    refusals.push(refusal(node, error instanceof Error ? error.message : String(error)));
    return [];
  }
}

function* checkOperation(node: OperationDefinitionNode, context: ToolsContext): Generator<Refusal> {
  const tools = toolDirectives(node);
  if (tools.length === 0) yield refusal(node, 'the operation is no tool: give it @tool(name: …)');
  if ((node.description?.value.trim() ?? '') === '') {
    yield refusal(
      node,
      `tool ${nameOf(node)} has no description: assistants choose by it; write one before the operation`,
    );
  }
  const document = { kind: Kind.DOCUMENT, definitions: [node, ...fragmentsUsedBy(node, context.fragments)] } as const;
  const rules = isCarrier(node) ? specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule) : specifiedRules;
  for (const error of validate(context.sdl.schema, document, rules)) yield fromGraphqlError(error);
  if (isCarrier(node)) yield* checkCarrier(node);
  else yield* checkRoot(node, context);
}

function* checkCarrier(node: OperationDefinitionNode): Generator<Refusal> {
  const given = (node.variableDefinitions ?? []).map((variable) => variable.variable.name.value);
  for (const name of ['document', 'variables', 'operationName'].filter((wanted) => !given.includes(wanted))) {
    yield refusal(node, `${nameOf(node)} carries the caller's own document and so needs the variable $${name}`);
  }
}

function* checkRoot(node: OperationDefinitionNode, context: ToolsContext): Generator<Refusal> {
  const fields = fieldsOf(node.selectionSet, context.fragments);
  if (fields.length !== 1) {
    yield refusal(
      node,
      `${nameOf(node)} has ${fields.length} root fields: a tool is one root field, so that its result is one thing`,
    );
    return;
  }
  const [field] = fields;
  if (field === undefined || field.alias !== undefined) return;
  const definition = rootDefinition(node, field, context.sdl);
  if (definition !== undefined && !isObject(definition)) {
    yield refusal(
      field,
      `${field.name.value} answers with a list or a scalar, and a tool's result is an object: give the field an alias`,
    );
  }
}

function declaredKinds(node: OperationDefinitionNode, context: ToolsContext): DeclaredKind[] {
  const directive = context.sdl.schema.getDirective('tool');
  if (!directive) throw new Error('schema/directives.graphql declares no @tool');
  return toolDirectives(node).map((use) => {
    const values = getDirectiveValues(directive, { ...node, directives: [use] }) ?? {};
    const paragraphs = (node.description?.value ?? '')
      .split(/\n\s*\n/)
      .map((part) => part.replaceAll(/\s+/g, ' ').trim());
    const endpoint: Endpoint = values['endpoint'] === 'INTENT' ? 'INTENT' : 'MAIN';
    return {
      tool: { name: String(values['name']), endpoint, title: optionalText(values['title']) },
      node,
      paragraphs,
      kind: toolKind(node, values, paragraphs.at(-1) ?? '', context),
    };
  });
}

function toolKind(
  node: OperationDefinitionNode,
  values: Readonly<Record<string, unknown>>,
  description: string,
  context: ToolsContext,
): ToolKind {
  const carrier = isCarrier(node);
  const [root] = carrier ? [] : fieldsOf(node.selectionSet, context.fragments);
  const row = accessOf(node, root, context.access);
  const project = optionalText(values['project']) ?? 'project';
  const variables = readVariables(node, project, context);
  const kind = optionalText(values['kind']) ?? null;
  return {
    kind,
    description,
    document: carrier ? null : printDocument(node, context.fragments),
    operation: node.operation,
    rootField: root?.name.value ?? '',
    resultKey: root?.alias?.value ?? null,
    variables,
    scopes: row.scopes,
    projectVariable: variables.some(({ name }) => name === project) ? project : null,
    inputSchema: kindSchema(kind, variables, row.destructive),
    destructive: values['destructive'] === true || row.destructive,
    idempotent: values['idempotent'] === true || (node.operation === 'query' && !carrier),
    openWorld: values['openWorld'] === true,
    result: root === undefined ? undefined : resultOf(node, root, context),
  };
}

function kindSchema(kind: string | null, variables: readonly ToolVariable[], confirms: boolean): JsonSchema {
  const properties: Record<string, JsonSchema> = kind === null ? {} : { kind: { type: 'string', const: kind } };
  for (const variable of variables) properties[variable.name] = variable.schema;
  // Whoever executes the tool asks for confirmation before a destructive field, which may take no token itself.
  if (confirms) {
    properties['confirmation'] ??= { type: 'string', description: 'Token from an answer that asked for confirmation.' };
  }
  const required = variables.filter((variable) => variable.required).map((variable) => variable.name);
  return {
    type: 'object',
    properties,
    required: kind === null ? required : ['kind', ...required],
    additionalProperties: false,
  };
}

function accessOf(node: OperationDefinitionNode, root: FieldNode | undefined, access: AccessTable): Requirement {
  if (root === undefined) {
    return { ...nothingFurther, scopes: [[node.operation === 'mutation' ? 'mcp:write' : 'mcp:read']] };
  }
  const type = node.operation === 'mutation' ? 'Mutation' : 'Query';
  return access.fields.get(`${type}.${root.name.value}`) ?? nothingFurther;
}

function resultOf(node: OperationDefinitionNode, root: FieldNode, context: ToolsContext): JsonSchema | undefined {
  const definition = rootDefinition(node, root, context.sdl);
  if (definition === undefined) return undefined;
  const schema = resultSchemaOf(definition.type, root.selectionSet, context.fragments);
  if (root.alias !== undefined) return { type: 'object', properties: { [root.alias.value]: schema } };
  // A null root is answered as an error, so a result that is there is an object.
  return { ...schema, type: 'object' };
}

function rootDefinition(
  node: OperationDefinitionNode,
  field: FieldNode,
  sdl: Sdl,
): GraphQLField<unknown, unknown> | undefined {
  return sdl.schema.getRootType(node.operation)?.getFields()[field.name.value];
}

function isObject(definition: GraphQLField<unknown, unknown>): boolean {
  return isObjectType(getNamedType(definition.type)) && !String(definition.type).startsWith('[');
}

/** `__typename` alone stands for the caller's own document. */
function isCarrier(node: OperationDefinitionNode): boolean {
  const [only, ...rest] = node.selectionSet.selections;
  return rest.length === 0 && only?.kind === Kind.FIELD && only.name.value === '__typename';
}

function toolDirectives(node: OperationDefinitionNode) {
  return (node.directives ?? []).filter((directive) => directive.name.value === 'tool');
}

/** The tool's name as written, for messages about documents that may not be valid. */
function nameOf(node: OperationDefinitionNode): string {
  const value = toolDirectives(node)[0]?.arguments?.find((argument) => argument.name.value === 'name')?.value;
  return value?.kind === Kind.STRING ? JSON.stringify(value.value) : (node.name?.value ?? 'without a name');
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
