import {
  isEnumType,
  getNamedType,
  isInputType,
  isNonNullType,
  Kind,
  print,
  TypeInfo,
  typeFromAST,
  visit,
  visitWithTypeInfo,
  type ConstValueNode,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql';

import type { Sdl } from '../sdl.ts';
import { inputShapeOf } from './input-schema.ts';
import type { JsonSchema, ToolVariable } from './tool.ts';

/** @throws Error saying why, for a variable that a flat schema cannot say */
export function readVariables(
  node: OperationDefinitionNode,
  project: string,
  { sdl }: { readonly sdl: Sdl },
): ToolVariable[] {
  const fed = fedArguments(node, sdl);
  return (node.variableDefinitions ?? []).map((variable) => {
    const read = readVariable(variable, sdl, fed);
    return read.name === project ? { ...read, required: false } : read; // the session knows it
  });
}

function readVariable(node: VariableDefinitionNode, sdl: Sdl, fed: ReadonlyMap<string, FedArgument>): ToolVariable {
  const name = node.variable.name.value;
  if (name === 'kind') throw new Error('no variable may be called $kind: `kind` tells the operations of a tool apart');
  const type = typeFromAST(sdl.schema, node.type);
  if (!isInputType(type)) throw new Error(`$${name} has a type that is no input`);
  const { schema, keys, words } = inputShapeOf(type);
  const isEnum = isEnumType(getNamedType(type));
  const argument = fed.get(name);
  const description = node.description?.value ?? argument?.description;
  return {
    name,
    type: print(node.type),
    required: isNonNullType(type) && node.defaultValue === undefined,
    schema: {
      ...schema,
      ...(node.defaultValue === undefined ? {} : { default: defaultOf(node.defaultValue) }),
      ...(description === undefined ? {} : { description: description.replaceAll(/\s+/g, ' ').trim() }),
    } satisfies JsonSchema,
    ...(argument === undefined || argument.name === name ? {} : { argument: argument.name }),
    ...(isEnum ? { enum: true as const } : {}),
    ...(Object.keys(keys).length > 0 ? { input: keys } : {}),
    ...(words.length > 0 ? { words } : {}),
  };
}

interface FedArgument {
  readonly name: string;
  readonly description: string | undefined;
}

/** The argument, or field of an input object, that each variable feeds, by name of the variable. */
function fedArguments(node: OperationDefinitionNode, sdl: Sdl): ReadonlyMap<string, FedArgument> {
  const fed = new Map<string, FedArgument>();
  const types = new TypeInfo(sdl.schema);
  const note = (variable: string, name: string, description: string | null | undefined): void => {
    if (!fed.has(variable)) fed.set(variable, { name, description: description ?? undefined });
  };
  visit(
    node,
    visitWithTypeInfo(types, {
      Argument({ name, value }) {
        if (value.kind === Kind.VARIABLE) note(value.name.value, name.value, types.getArgument()?.description);
      },
      ObjectField({ name, value }) {
        if (value.kind !== Kind.VARIABLE) return;
        const parent = getNamedType(types.getParentInputType());
        if (parent && 'getFields' in parent)
          note(value.name.value, name.value, parent.getFields()[name.value]?.description);
      },
    }),
  );
  return fed;
}

function defaultOf(value: ConstValueNode): unknown {
  switch (value.kind) {
    case Kind.ENUM:
      return value.value.toLowerCase();
    case Kind.INT:
    case Kind.FLOAT:
      return Number(value.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return value.value;
    case Kind.LIST:
      return value.values.map(defaultOf);
    case Kind.NULL:
    case Kind.OBJECT:
      throw new Error('the default of a tool variable is a scalar, an enum value or a list');
  }
}
