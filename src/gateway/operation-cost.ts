import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

import { isJsonObject, type Json } from '../shared/json.ts';
import type { CoercedVariables } from './run-operation.ts';

/** How many fields an operation makes the server work out, estimated before it runs. */
export type OperationCost = (variables: CoercedVariables) => number;

/** How long a list may get; a variable's value is known only when the operation runs. */
type Size = number | { readonly variable: string; readonly path: readonly string[] };

/** So many fields, and those of each entry of some lists. */
interface Cost {
  fields: number;
  readonly lists: { readonly size: Size; readonly entry: Cost }[];
}

const USUAL_SIZE = 10; // of a list whose length nobody asked for
const LARGEST_SIZE = 1_000;
const MUTATION_COST = 10; // it writes, and syncs to disk
/** Arguments, or keys of `input`, that say how long a list may get. */
const SIZES = ['first', 'limit'];

/**
 * Estimates the cost of an operation: a field counts once for each entry of the lists around it.
 *
 * @param operation an operation of a validated document, whose fragments do not multiply beyond a limit
 */
export function estimateCost(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): OperationCost {
  const walk = (
    set: SelectionSetNode,
    type: GraphQLNamedType | undefined,
    cost: Cost,
    page: Size | undefined,
  ): void => {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) addField(selection, type, cost, page);
      else {
        const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
        const on = fragment?.typeCondition?.name.value;
        if (fragment !== undefined)
          walk(fragment.selectionSet, on === undefined ? type : schema.getType(on), cost, page);
      }
    }
  };
  const addField = (node: FieldNode, type: GraphQLNamedType | undefined, cost: Cost, page: Size | undefined): void => {
    cost.fields += 1;
    const fields = isObjectType(type) || isInterfaceType(type) ? type.getFields() : {};
    const returned = fields[node.name.value]?.type;
    if (returned === undefined || node.selectionSet === undefined) return;
    const size = sizeOf(node) ?? page;
    const below = getNamedType(returned);
    // What is asked of a page is how many edges it has: the size goes down to the next list.
    if (!isListType(getNullableType(returned))) return walk(node.selectionSet, below, cost, size);
    const entry: Cost = { fields: 0, lists: [] };
    cost.lists.push({ size: size ?? USUAL_SIZE, entry });
    return walk(node.selectionSet, below, entry, undefined);
  };

  const whole: Cost = { fields: operation.operation === 'mutation' ? MUTATION_COST : 0, lists: [] };
  walk(operation.selectionSet, schema.getRootType(operation.operation) ?? undefined, whole, undefined);
  return (variables) => total(whole, variables);
}

function total({ fields, lists }: Cost, variables: CoercedVariables): number {
  let sum = fields;
  for (const { size, entry } of lists) sum += lengthOf(size, variables) * total(entry, variables);
  return sum;
}

function lengthOf(size: Size, variables: CoercedVariables): number {
  if (typeof size === 'number') return size;
  // Coerced values are JSON, or become it; anything else has no such key.
  let value = variables[size.variable] as Json | undefined;
  for (const key of size.path) value = isJsonObject(value) ? value[key] : undefined;
  return bounded(value);
}

function sizeOf(node: FieldNode): Size | undefined {
  for (const { name, value } of node.arguments ?? []) {
    const size = SIZES.includes(name.value) ? readSize(value, []) : readInput(value);
    if (size !== undefined) return size;
  }
  return undefined;
}

function readInput(value: ValueNode): Size | undefined {
  if (value.kind === Kind.VARIABLE) return { variable: value.name.value, path: ['first'] };
  if (value.kind !== Kind.OBJECT) return undefined;
  const field = value.fields.find(({ name }) => SIZES.includes(name.value));
  return field === undefined ? undefined : readSize(field.value, []);
}

function readSize(value: ValueNode, path: readonly string[]): Size | undefined {
  if (value.kind === Kind.VARIABLE) return { variable: value.name.value, path };
  return value.kind === Kind.INT ? bounded(Number(value.value)) : undefined;
}

function bounded(size: Json | undefined): number {
  return typeof size === 'number' && size >= 0 ? Math.min(size, LARGEST_SIZE) : USUAL_SIZE;
}
