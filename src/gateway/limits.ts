import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';

import { AppError } from '../shared/errors.ts';

export interface GatewayLimits {
  /** Lexical tokens of a document. */
  readonly tokens: number;
  /** Levels of fields; introspection is not counted. */
  readonly depth: number;
  /** Aliases written in a document. */
  readonly aliases: number;
  /** Fields at the top of one operation. */
  readonly rootFields: number;
  /** Levels of lists and objects in an argument. */
  readonly valueDepth: number;
  /** Directives written in a document. */
  readonly directives: number;
  /** Fields after every fragment is put in place: what would have to be compiled. */
  readonly expandedFields: number;
  /** Levels of fields below `__schema` and `__type`. */
  readonly introspectionDepth: number;
}

export const defaultLimits: GatewayLimits = {
  tokens: 2_000,
  depth: 12,
  aliases: 30,
  rootFields: 20,
  valueDepth: 100,
  directives: 50,
  expandedFields: 2_000,
  introspectionDepth: 20, // the usual introspection query reaches 13; the nested lists are bounded by a validation rule
};

export function limitExceeded(what: string, limit: number, advice: string): AppError {
  return new AppError('LIMIT_EXCEEDED', `the document has too many ${what}: the limit is ${limit}; ${advice}`, {
    details: { limit },
  });
}

interface Extent {
  readonly depth: number;
  readonly introspectionDepth: number;
}

const nothing: Extent = { depth: 0, introspectionDepth: 0 };

/**
 * Counts what a document holds before validation, whose own cost grows with these counts.
 * Each fragment is measured once, so that a small document cannot make the counting expensive.
 *
 * @throws LIMIT_EXCEEDED naming the limit
 */
export function checkLimits(document: DocumentNode, limits: GatewayLimits): void {
  const measure = createMeasure(document, limits);
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const { depth, introspectionDepth } = measure.extentOf(definition.selectionSet);
    if (depth > limits.depth) throw limitExceeded('levels of fields', limits.depth, 'ask for less in one document');
    if (introspectionDepth > limits.introspectionDepth)
      throw limitExceeded('levels of introspection', limits.introspectionDepth, 'ask for one type at a time');
    if (measure.rootFieldsOf(definition.selectionSet) > limits.rootFields)
      throw limitExceeded('root fields', limits.rootFields, 'split it');
  }
}

function createMeasure(document: DocumentNode, limits: GatewayLimits) {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const extents = new Map<string, Extent>();
  let aliases = 0;
  let directives = 0;

  function extentOf(set: SelectionSetNode): Extent {
    let whole = nothing;
    for (const selection of set.selections) whole = widest(whole, extentOfSelection(selection));
    return whole;
  }
  function extentOfSelection(selection: SelectionNode): Extent {
    if (selection.kind === Kind.FIELD)
      for (const { value } of selection.arguments ?? []) refuseDeepValue(value, limits);
    directives += selection.directives?.length ?? 0;
    if (directives > limits.directives) throw limitExceeded('directives', limits.directives, 'split it');
    if (selection.kind === Kind.FRAGMENT_SPREAD) return extentOfFragment(selection.name.value);
    if (selection.kind === Kind.INLINE_FRAGMENT) return extentOf(selection.selectionSet);
    if (selection.alias !== undefined && ++aliases > limits.aliases)
      throw limitExceeded('aliases', limits.aliases, 'split it');
    const inner = selection.selectionSet === undefined ? nothing : extentOf(selection.selectionSet);
    const depth = Math.max(inner.depth, inner.introspectionDepth) + 1;
    return selection.name.value === '__schema' || selection.name.value === '__type'
      ? { depth: 0, introspectionDepth: depth }
      : { depth: inner.depth + 1, introspectionDepth: inner.introspectionDepth };
  }
  function extentOfFragment(name: string): Extent {
    const known = extents.get(name);
    if (known !== undefined) return known;
    extents.set(name, nothing); // a cycle ends here; validation refuses it
    const fragment = fragments.get(name);
    const extent = fragment === undefined ? nothing : extentOf(fragment.selectionSet);
    extents.set(name, extent);
    return extent;
  }
  return { extentOf, rootFieldsOf: (set: SelectionSetNode) => countRootFields(set, fragments, new Set()) };
}

function refuseDeepValue(value: ValueNode, limits: GatewayLimits, depth = 0): void {
  if (depth > limits.valueDepth) throw limitExceeded('levels of values', limits.valueDepth, 'nest less deeply');
  if (value.kind === Kind.LIST) for (const each of value.values) refuseDeepValue(each, limits, depth + 1);
  if (value.kind === Kind.OBJECT) for (const { value: each } of value.fields) refuseDeepValue(each, limits, depth + 1);
}

function widest(a: Extent, b: Extent): Extent {
  return {
    depth: Math.max(a.depth, b.depth),
    introspectionDepth: Math.max(a.introspectionDepth, b.introspectionDepth),
  };
}

// Every fragment counts once: spread twice at the top it gives the same fields again.
function countRootFields(
  set: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  seen: Set<string>,
): number {
  let count = 0;
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) count += 1;
    else if (selection.kind === Kind.INLINE_FRAGMENT) count += countRootFields(selection.selectionSet, fragments, seen);
    else if (!seen.has(selection.name.value)) {
      seen.add(selection.name.value);
      const fragment = fragments.get(selection.name.value);
      if (fragment !== undefined) count += countRootFields(fragment.selectionSet, fragments, seen);
    }
  }
  return count;
}
