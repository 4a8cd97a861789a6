import { compileFunction } from 'node:vm';

import {
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLEnumType,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  type GraphQLSchema,
  isEnumType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isSpecifiedScalarType,
  Kind,
  type SelectionSetNode,
} from 'graphql';

import type { PreparedOperation } from './prepare-document.ts';

/**
 * Checks the leaves of an answer, in place: a value that is not of its type already is turned into one as graphql-js
 * does. @throws when that cannot be done: a resolver gave something that is no value of the type
 */
export type LeafCheck = (data: object) => void;

type LeafType = GraphQLScalarType | GraphQLEnumType;

/** What an answer holds at one position, by the name under which a field is answered. */
interface Shape {
  readonly leaves: Map<string, { readonly type: LeafType; readonly lists: number }>;
  readonly objects: Map<string, { readonly shape: Shape; readonly lists: number }>;
}

/**
 * Compiles the check of one operation. graphql-jit's own serializers allocate for every leaf, which makes up nine
 * tenths of the time of a long list; a check in one pass over the finished answer costs next to nothing.
 *
 * The generated code holds names of the document only: letters, digits and underscores.
 */
export function compileLeafCheck(schema: GraphQLSchema, prepared: PreparedOperation): LeafCheck {
  const shape = emptyShape();
  const root = schema.getRootType(prepared.operation.operation);
  collect({ schema, fragments: fragmentsOf(prepared) }, prepared.operation.selectionSet, root ?? undefined, shape);
  const types: LeafType[] = [];
  const body = printShape(shape, 'data', types, 0);
  const repair: Repair = (at, value) => types[at]?.coerceOutputValue(value);
  const names = types.map((type) => new Set(isEnumType(type) ? type.getValues().map((value) => value.name) : []));
  return parseCheck(compileFunction(`let v; ${body}`, ['data', 'repair', 'names']), repair, names);
}

type Repair = (type: number, value: unknown) => unknown;
type GeneratedCheck = (data: object, repair: Repair, names: readonly ReadonlySet<string>[]) => void;

function parseCheck(generated: unknown, repair: Repair, names: readonly ReadonlySet<string>[]): LeafCheck {
  const check = generated as GeneratedCheck; // made three lines above, of these parameters
  return (data) => check(data, repair, names);
}

interface Source {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function emptyShape(): Shape {
  return { leaves: new Map(), objects: new Map() };
}

function fragmentsOf({ document }: PreparedOperation): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  return fragments;
}

// Validation has made sure that equal names at one position hold leaves of one type, whatever the type of the object.
function collect(source: Source, set: SelectionSetNode, parent: GraphQLNamedType | undefined, shape: Shape): void {
  for (const selection of set.selections) {
    if (selection.kind !== Kind.FIELD) {
      const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : source.fragments.get(selection.name.value);
      const condition = fragment?.typeCondition?.name.value;
      const type = condition === undefined ? parent : source.schema.getType(condition);
      if (fragment !== undefined) collect(source, fragment.selectionSet, type, shape);
      continue;
    }
    if (!isObjectType(parent) && !isInterfaceType(parent)) continue;
    const field = parent.getFields()[selection.name.value];
    if (field !== undefined)
      addField(source, selection.selectionSet, (selection.alias ?? selection.name).value, field.type, shape);
  }
}

function addField(
  source: Source,
  set: SelectionSetNode | undefined,
  name: string,
  type: GraphQLOutputType,
  shape: Shape,
): void {
  const named = getNamedType(type);
  const lists = listDepth(type);
  if (isLeafType(named)) {
    // Scalars of our own are serialized by graphql-jit.
    if (isEnumType(named) || isSpecifiedScalarType(named)) shape.leaves.set(name, { type: named, lists });
    return;
  }
  const known = shape.objects.get(name) ?? { shape: emptyShape(), lists };
  shape.objects.set(name, known);
  if (set !== undefined) collect(source, set, named, known.shape);
}

function listDepth(type: GraphQLOutputType): number {
  const bare = getNullableType(type);
  return isListType(bare) ? 1 + listDepth(bare.ofType) : 0;
}

function printShape(shape: Shape, object: string, types: LeafType[], depth: number): string {
  const leaves = [...shape.leaves].map(([name, { type, lists }]) =>
    printLists(`${object}.${name}`, lists, depth, (place) => printLeaf(place, type, types)),
  );
  const objects = [...shape.objects].map(([name, { shape: inner, lists }]) =>
    printLists(`${object}.${name}`, lists, depth, (place, below) => {
      const body = printShape(inner, `o${below}`, types, below + 1);
      return body === '' ? '' : `const o${below} = ${place}; if (o${below} != null) { ${body} }`;
    }),
  );
  return [...leaves, ...objects].join('\n');
}

function printLists(
  place: string,
  lists: number,
  depth: number,
  print: (place: string, depth: number) => string,
): string {
  if (lists === 0) return inBlock(print(place, depth));
  const list = `l${depth}`;
  const at = `i${depth}`;
  const inner = printLists(`${list}[${at}]`, lists - 1, depth + 1, print);
  return inner === ''
    ? ''
    : `{ const ${list} = ${place}; if (${list} != null) for (let ${at} = 0; ${at} < ${list}.length; ${at}++) ${inner} }`;
}

function inBlock(text: string): string {
  return text === '' ? '' : `{ ${text} }`;
}

function printLeaf(place: string, type: LeafType, types: LeafType[]): string {
  const known = types.indexOf(type);
  const at = known === -1 ? types.push(type) - 1 : known;
  return `if ((v = ${place}) != null && ${printMisfit(type, at)}) ${place} = repair(${at}, v);`;
}

function printMisfit(type: LeafType, at: number): string {
  if (isEnumType(type)) return `!names[${at}].has(v)`;
  switch (type.name) {
    case 'Int':
      return '(v | 0) !== v';
    case 'Float':
      return '!Number.isFinite(v)';
    case 'Boolean':
      return 'v !== true && v !== false';
    default:
      return "typeof v !== 'string'";
  }
}
