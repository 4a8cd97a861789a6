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
export function readVariables(node: OperationDefinitionNode, { sdl }: { readonly sdl: Sdl }): ToolVariable[] {
  const fed = descriptionsOfArguments(node, sdl);
  return (node.variableDefinitions ?? []).map((variable) => readVariable(variable, sdl, fed));
}

function readVariable(node: VariableDefinitionNode, sdl: Sdl, fed: ReadonlyMap<string, string>): ToolVariable {
  const name = node.variable.name.value;
  if (name === 'kind') throw new Error('no variable may be called $kind: `kind` tells the operations of a tool apart');
  const type = typeFromAST(sdl.schema, node.type);
  if (!isInputType(type)) throw new Error(`$${name} has a type that is no input`);
  const { schema, keys, words } = inputShapeOf(type);
  const isEnum = isEnumType(getNamedType(type));
  const description = node.description?.value ?? fed.get(name);
  return {
    name,
    type: print(node.type),
    required: isNonNullType(type) && node.defaultValue === undefined && name !== 'project',
    schema: {
      ...schema,
      ...(node.defaultValue === undefined ? {} : { default: defaultOf(node.defaultValue) }),
      ...(description === undefined ? {} : { description: description.replaceAll(/\s+/g, ' ').trim() }),
    } satisfies JsonSchema,
    ...(isEnum ? { enum: true as const } : {}),
    ...(Object.keys(keys).length > 0 ? { input: keys } : {}),
    ...(words.length > 0 ? { words } : {}),
  };
}

/** What the schema says of the argument that a variable feeds, by name of the variable. */
function descriptionsOfArguments(node: OperationDefinitionNode, sdl: Sdl): ReadonlyMap<string, string> {
  const descriptions = new Map<string, string>();
  const types = new TypeInfo(sdl.schema);
  const note = (variable: string, description: string | null | undefined): void => {
    if (description && !descriptions.has(variable)) descriptions.set(variable, description);
  };
  visit(
    node,
    visitWithTypeInfo(types, {
      Argument(argument) {
        if (argument.value.kind === Kind.VARIABLE) note(argument.value.name.value, types.getArgument()?.description);
      },
      ObjectField(field) {
        if (field.value.kind !== Kind.VARIABLE) return;
        const parent = getNamedType(types.getParentInputType());
        if (parent && 'getFields' in parent)
          note(field.value.name.value, parent.getFields()[field.name.value]?.description);
      },
    }),
  );
  return descriptions;
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
