import {
  type ArgumentNode,
  coerceInputLiteral,
  coerceInputValue,
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLArgument,
  GraphQLScalarType,
  GraphQLSchema,
  Kind,
  TypeInfo,
  type ValueNode,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { compileQuery, isCompiledQuery } from 'graphql-jit';

import { invariant } from '../shared/errors.ts';
import type { GatewayContext } from './context.ts';
import { compileLeafCheck } from './leaf-check.ts';
import type { PreparedOperation } from './prepare-document.ts';
import type { Execute } from './run-operation.ts';

/** Variables of the compiled document are of this type: their values were coerced by graphql-js already. */
const COERCED = 'SluiceCoerced';

export interface Compiler {
  compile(prepared: PreparedOperation): Execute;
}

/**
 * Compiles operations to JavaScript with graphql-jit. No text of a document but its names reaches the generated code:
 * every literal argument is coerced by graphql-js and handed over as the value of a variable of our own. graphql-jit
 * would write literals into the code it generates, where some of them run.
 */
export function createCompiler(schema: GraphQLSchema): Compiler {
  const coerced = new GraphQLScalarType({ name: COERCED });
  const config = schema.toConfig();
  const target = new GraphQLSchema({ ...config, types: [...config.types, coerced], assumeValid: true });
  return { compile: (prepared) => compile(schema, target, prepared) };
}

function compile(schema: GraphQLSchema, target: GraphQLSchema, prepared: PreparedOperation): Execute {
  const { document, constants } = liftLiterals(schema, prepared);
  const compiled = compileQuery(target, document, prepared.operation.name?.value, compilerOptions);
  invariant(isCompiledQuery(compiled), 'graphql-jit refused a document that was found fit for it');
  const checkLeaves = compileLeafCheck(schema, prepared);
  const finish = (result: ExecutionResult): ExecutionResult => {
    if (result.data !== null && result.data !== undefined) checkLeaves(result.data);
    return result;
  };
  return (context: GatewayContext, variables) => {
    const result = compiled.query(undefined, context, Object.assign(variables, constants));
    return result instanceof Promise ? result.then(finish) : finish(result);
  };
}

// Leaves are checked afterwards in one pass; the stack of an error inside generated code would say nothing.
const compilerOptions = { disableLeafSerialization: true, disablingCapturingStackErrors: true };

interface Lifted {
  readonly document: DocumentNode;
  /** Values of the variables that took the place of literals; shared by all runs, so frozen. */
  readonly constants: Readonly<Record<string, unknown>>;
}

function liftLiterals(schema: GraphQLSchema, { document, operation }: PreparedOperation): Lifted {
  const types = new TypeInfo(schema);
  const nextName = freeNames(operation.variableDefinitions ?? []);
  const constants: Record<string, unknown> = {};
  const lift = (name: string, value: unknown): ArgumentNode => {
    const lifted = nextName();
    constants[lifted] = freezeDeep(value);
    return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value: variable(lifted) };
  };
  const visitor = visitWithTypeInfo(types, {
    Field: (node) => {
      const definitions = types.getFieldDef()?.args ?? [];
      if (definitions.length === 0) return undefined;
      return { ...node, arguments: definitions.flatMap((definition) => liftArgument(definition, node, lift)) };
    },
  });
  const definitions = document.definitions
    .filter((definition) => definition.kind !== Kind.OPERATION_DEFINITION || definition === operation)
    .map((definition) => visit(definition, visitor));
  const names = [
    ...(operation.variableDefinitions ?? []).map((each) => each.variable.name.value),
    ...Object.keys(constants),
  ];
  return { document: withVariables({ ...document, definitions }, names), constants: Object.freeze(constants) };
}

/** Arguments left out are given their defaults here: graphql-jit does not know those that graphql 17 keeps as literals. */
function liftArgument(
  definition: GraphQLArgument,
  node: FieldNode,
  lift: (name: string, value: unknown) => ArgumentNode,
): ArgumentNode[] {
  const given = node.arguments?.find((argument) => argument.name.value === definition.name);
  if (given?.value.kind === Kind.VARIABLE) return [given];
  if (given !== undefined) return [lift(definition.name, coerceInputLiteral(given.value, definition.type))];
  const standard = definition.default;
  if (standard === undefined) return [];
  const value =
    standard.literal === undefined
      ? coerceInputValue(standard.value, definition.type)
      : coerceInputLiteral(standard.literal, definition.type);
  return [lift(definition.name, value)];
}

function withVariables(document: DocumentNode, names: readonly string[]): DocumentNode {
  const variableDefinitions: readonly VariableDefinitionNode[] = names.map((name) => ({
    kind: Kind.VARIABLE_DEFINITION,
    variable: variable(name),
    type: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: COERCED } },
  }));
  const definitions = document.definitions.map((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? { ...definition, variableDefinitions } : definition,
  );
  return { ...document, definitions };
}

function variable(name: string) {
  return { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: name } } as const;
}

function freeNames(taken: readonly VariableDefinitionNode[]): () => string {
  const names = new Set(taken.map((each) => each.variable.name.value));
  let number = 0;
  return () => {
    let name = `lifted${number++}`;
    while (names.has(name)) name = `lifted${number++}`;
    return name;
  };
}

function freezeDeep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freezeDeep(inner);
  return Object.freeze(value);
}

/** Whether a literal holds a variable somewhere inside. */
export function holdsVariable(value: ValueNode): boolean {
  if (value.kind === Kind.VARIABLE) return true;
  if (value.kind === Kind.LIST) return value.values.some(holdsVariable);
  if (value.kind === Kind.OBJECT) return value.fields.some((field) => holdsVariable(field.value));
  return false;
}
