import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  type InlineFragmentNode,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

import { limitExceeded } from './limits.ts';

/** A variable that decides by `@skip` or `@include` whether a selection runs. */
export interface Condition {
  readonly variable: string;
  readonly expected: boolean;
}

/** A field that the operation may run, once for every object type on which it may run. */
export interface FieldUse {
  readonly type: string;
  readonly field: string;
  /** Alternatives of which one must hold in full; empty when the field runs in any case. */
  readonly conditions: readonly (readonly Condition[])[];
}

export interface OperationUse {
  readonly fields: readonly FieldUse[];
  readonly readsSchema: boolean;
  /** Whether `@skip` or `@include` occurs. */
  readonly conditional: boolean;
  /** Fields that compiled code would hold: those below an interface once for each of its object types. */
  readonly compiledFields: number;
}

interface Held {
  readonly conditions: readonly Condition[];
  /** How often compiled code would repeat the selection. */
  readonly copies: number;
}

/**
 * Lists every field that an operation may run. A selection on an interface counts for each of its object types.
 *
 * @param operation an operation of a validated document
 * @throws LIMIT_EXCEEDED when the fragments multiply beyond `maxFields`
 */
export function analyseAccess(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  maxFields: number,
): OperationUse {
  const uses = new Map<string, FieldUse>();
  let readsSchema = false;
  let conditional = false;
  let expandedFields = 0;
  let compiledFields = 0;

  function walkSet(set: SelectionSetNode, types: readonly GraphQLObjectType[], held: Held): void {
    for (const selection of set.selections) {
      const conditions = conditionsOf(selection, held.conditions);
      if (selection.directives !== undefined && selection.directives.length > 0) conditional = true;
      if (conditions !== undefined) walkSelection(selection, types, { conditions, copies: held.copies });
    }
  }
  function walkSelection(selection: SelectionNode, types: readonly GraphQLObjectType[], held: Held) {
    if (selection.kind === Kind.FIELD) return walkField(selection, types, held);
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (fragment !== undefined) walkSet(fragment.selectionSet, narrow(schema, types, fragment), held);
  }
  function walkField(node: FieldNode, types: readonly GraphQLObjectType[], held: Held) {
    const field = node.name.value;
    compiledFields += held.copies * types.length;
    if (++expandedFields > maxFields) throw limitExceeded('fields', maxFields, 'ask for less in one document');
    if (field === '__typename') return;
    if (field === '__schema' || field === '__type') {
      readsSchema = true;
      return;
    }
    const below = new Set<GraphQLObjectType>();
    for (const type of types) {
      addUse(uses, type.name, field, held.conditions);
      const returned = getNamedType(type.getFields()[field]?.type);
      if (isCompositeType(returned)) for (const object of objectTypes(schema, returned)) below.add(object);
    }
    const inner = { conditions: held.conditions, copies: held.copies * types.length };
    if (node.selectionSet !== undefined) walkSet(node.selectionSet, [...below], inner);
  }

  const root = schema.getRootType(operation.operation);
  if (isObjectType(root)) walkSet(operation.selectionSet, [root], { conditions: [], copies: 1 });
  return { fields: [...uses.values()], readsSchema, conditional, compiledFields };
}

function objectTypes(schema: GraphQLSchema, type: ReturnType<typeof getNamedType>): readonly GraphQLObjectType[] {
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

function narrow(
  schema: GraphQLSchema,
  types: readonly GraphQLObjectType[],
  fragment: InlineFragmentNode | FragmentDefinitionNode,
): readonly GraphQLObjectType[] {
  const condition = fragment.typeCondition?.name.value;
  if (condition === undefined) return types;
  const named = schema.getType(condition);
  if (!isCompositeType(named)) return [];
  const wanted = objectTypes(schema, named);
  return types.filter((type) => wanted.includes(type));
}

function addUse(uses: Map<string, FieldUse>, type: string, field: string, held: readonly Condition[]): void {
  const key = `${type}.${field}`;
  const known = uses.get(key);
  if (known === undefined) uses.set(key, { type, field, conditions: held.length === 0 ? [] : [held] });
  else if (held.length === 0) uses.set(key, { type, field, conditions: [] });
  else if (known.conditions.length > 0) uses.set(key, { type, field, conditions: [...known.conditions, held] });
}

/** Conditions below a selection; undefined when it can never run. */
function conditionsOf(selection: SelectionNode, held: readonly Condition[]): readonly Condition[] | undefined {
  let conditions = held;
  for (const directive of selection.directives ?? []) {
    const expected = directive.name.value === 'include';
    if (!expected && directive.name.value !== 'skip') continue;
    const value = directive.arguments?.find((argument) => argument.name.value === 'if')?.value;
    if (value?.kind === Kind.VARIABLE) conditions = [...conditions, { variable: value.name.value, expected }];
    else if (value?.kind === Kind.BOOLEAN && value.value !== expected) return undefined;
  }
  return conditions;
}
