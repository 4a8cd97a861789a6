import { type Builtin, elementsOf, undefinedBecause } from './builtin.ts';
import { formatRego, isRegoArray, RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

const MAX_PATHS = 100_000;

/** Walks every way out of a node; a way ends at a node without edges, at an unknown node, or where it would close a ring. */
function collectPaths(graph: RegoObject, node: RegoValue, path: readonly RegoValue[], found: RegoValue[]): void {
  const edges = graph.get(node);
  if (edges === undefined) return keep(found, path);
  const longer = [...path, node];
  const seen = new Set(longer.map(formatRego));
  const neighbors = neighborsOf(edges);
  if (neighbors.length === 0) keep(found, longer);
  for (const neighbor of neighbors) {
    if (seen.has(formatRego(neighbor))) keep(found, longer);
    else collectPaths(graph, neighbor, longer, found);
  }
}

function keep(found: RegoValue[], path: readonly RegoValue[]): void {
  if (found.length >= MAX_PATHS) throw new Error(`graph.reachable_paths: more than ${MAX_PATHS} paths`);
  found.push(path);
}

function neighborsOf(edges: RegoValue): readonly RegoValue[] {
  return edges instanceof RegoSet || isRegoArray(edges) ? elementsOf(edges) : [];
}

const reachablePaths: Builtin = (graph, initial) => {
  if (!(graph instanceof RegoObject)) return undefinedBecause('graph must be an object');
  const found: RegoValue[] = [];
  for (const node of elementsOf(initial)) {
    const edges = graph.get(node);
    if (edges === undefined) continue;
    const neighbors = neighborsOf(edges);
    if (neighbors.length === 0) keep(found, [node]);
    // OPA follows even an edge from the first node to itself, once.
    for (const neighbor of neighbors) collectPaths(graph, neighbor, [node], found);
  }
  return new RegoSet(found);
};

export const graphBuiltins = { 'graph.reachable_paths': reachablePaths } satisfies Record<string, Builtin>;
