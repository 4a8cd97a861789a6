import { AppError, badInput } from '../../shared/errors.ts';
import type { DependencyRow } from '../../storage/dependencies.ts';
import type { ResourceRow } from '../../storage/resources.ts';
import { type Change, configOf } from './change.ts';
import { orderOf } from './graph.ts';
import type { ParsedChange } from './parse-changes.ts';
import type { Reference } from './references/fill-in.ts';
import { candidateIds, parseExpression } from './references/parse-expression.ts';

/** What a project holds, as far as a change set is concerned. */
export interface Holdings {
  readonly resources: ReadonlyMap<string, ResourceRow>;
  /** All edges of the project. */
  readonly edges: readonly DependencyRow[];
}

/** Every id that the changes may speak of. */
export function mentionedIds(changes: readonly ParsedChange[]): string[] {
  const own = changes.map(({ ask }) => ask.resourceID);
  const referred = changes.flatMap(({ templates }) => expressionsOf(templates).flatMap(candidateIds));
  return [...new Set([...own, ...referred])];
}

function expressionsOf(templates: ParsedChange['templates']): string[] {
  return templates.flatMap(({ parts }) => parts.flatMap((part) => ('expression' in part ? [part.expression] : [])));
}

/**
 * Edges that the changes end: an update without the reference that made one, in a set that deletes what was referred to.
 * Any other edge stays until somebody removes it, because the value that came by it may stay too.
 */
export function endedEdges(changes: readonly ParsedChange[], edges: readonly DependencyRow[]): Set<DependencyRow> {
  const kinds = new Map(changes.map(({ ask }) => [ask.resourceID, ask.kind]));
  return new Set(
    edges.filter(
      ({ type, fromResource, toResource }) =>
        type === 'IMPLICIT' && kinds.get(fromResource) === 'UPDATE' && kinds.get(toResource) === 'DELETE',
    ),
  );
}

/** Deletions of what depends on a resource that goes, where its deletion asks for that. */
export function dependentsToDelete(changes: readonly ParsedChange[], edges: readonly DependencyRow[]): string[] {
  const needing = Map.groupBy(edges, ({ toResource }) => toResource);
  const queue = changes.filter(({ withDependents }) => withDependents).map(({ ask }) => ask.resourceID);
  const found = new Set(queue);
  for (const id of queue) {
    for (const { fromResource } of needing.get(id) ?? []) {
      if (found.has(fromResource)) continue;
      found.add(fromResource);
      queue.push(fromResource);
    }
  }
  const changed = new Set(changes.map(({ ask }) => ask.resourceID));
  return [...found].filter((id) => !changed.has(id));
}

/**
 * Puts the changes in relation: what refers to what, and what must be done before what.
 *
 * @throws BAD_INPUT for a reference to nothing, to itself, to what goes, or round in a circle; CONFLICT where something
 *   would lose what it needs
 */
export function compose(changes: readonly ParsedChange[], holdings: Holdings): Change[] {
  const positions = new Map(changes.map(({ ask }, position) => [ask.resourceID, position]));
  const leaving = new Set(changes.filter(({ ask }) => ask.kind === 'DELETE').map(({ ask }) => ask.resourceID));
  const ended = endedEdges(changes, holdings.edges);
  const edges = holdings.edges.filter((edge) => !ended.has(edge));
  requireNoneLeftBehind(changes, leaving, edges);
  const referred = changes.map((change, position) => referencesOf(change, position, { positions, leaving, holdings }));
  requireNoCircle(changes, referred, leaving, edges);
  const needs = changes.map((_, position) => new Set(needsOf(referred[position] ?? [], positions)));
  for (const edge of holdings.edges) {
    const { fromResource, toResource } = edge;
    const [from, to] = [positions.get(fromResource), positions.get(toResource)];
    if (from === undefined || to === undefined) continue;
    // What goes, goes before what it needed and after what needs it no more; what stays comes after it.
    if (leaving.has(fromResource) || ended.has(edge)) needs[to]?.add(from);
    else needs[from]?.add(to);
  }
  requireOrder(changes, needs);
  return changes.map(({ ask, templates }, position) => ({
    position,
    ask,
    templates,
    references: new Map((referred[position] ?? []).map((reference) => [reference.expression, reference])),
    needs: needs[position] ?? new Set(),
  }));
}

function needsOf(references: readonly Reference[], positions: ReadonlyMap<string, number>): number[] {
  return references.map(({ resourceID }) => positions.get(resourceID)).filter((position) => position !== undefined);
}

interface Surroundings {
  readonly positions: ReadonlyMap<string, number>;
  readonly leaving: ReadonlySet<string>;
  readonly holdings: Holdings;
}

function referencesOf({ ask, templates }: ParsedChange, position: number, around: Surroundings): Reference[] {
  const isKnown = (id: string): boolean => around.positions.has(id) || around.holdings.resources.has(id);
  return [...new Set(expressionsOf(templates))].map((expression) => {
    const target = parseExpression(expression, isKnown);
    const refuse = (what: string): Error => badInput(configOf(position), `\${${expression}} ${what}`);
    if (typeof target === 'string') throw refuse(`${target}; write $\${ for these characters themselves`);
    const { resourceID } = target;
    if (resourceID === ask.resourceID) throw refuse('refers to the resource itself');
    if (around.leaving.has(resourceID)) throw refuse(`refers to ${resourceID}, which this change set deletes`);
    return { expression, ...target };
  });
}

function requireNoneLeftBehind(
  changes: readonly ParsedChange[],
  leaving: ReadonlySet<string>,
  edges: readonly DependencyRow[],
): void {
  const staying = edges.filter((edge) => leaving.has(edge.toResource) && !leaving.has(edge.fromResource));
  const [first] = staying;
  if (first === undefined) return;
  const id = first.toResource;
  const position = changes.findIndex(({ ask }) => ask.resourceID === id);
  const dependents = staying.filter(({ toResource }) => toResource === id).map(({ fromResource }) => fromResource);
  throw new AppError(
    'CONFLICT',
    `changes[${position}]: resource ${JSON.stringify(id)} is needed by ${dependents.join(', ')}: ` +
      'delete these in the same change set, set withDependents, or remove the dependency first',
    { details: { dependents } },
  );
}

/** What is no circle of references may still have no order, where one update lets go of what another change waits for. */
function requireOrder(changes: readonly ParsedChange[], needs: readonly ReadonlySet<number>[]): void {
  const found = orderOf(new Map(needs.entries()));
  if (!('circle' in found)) return;
  const names = found.circle.map((position) => changes[position]?.ask.resourceID ?? '');
  const way = names.join(' after ');
  throw badInput('changes', `cannot be done in one order (${way}): update in one change set, delete in a second one`);
}

/** Looks at the whole project: a new reference may close a circle with what is recorded already. */
function requireNoCircle(
  changes: readonly ParsedChange[],
  referred: readonly (readonly Reference[])[],
  leaving: ReadonlySet<string>,
  edges: readonly DependencyRow[],
): void {
  const needs = new Map<string, Set<string>>();
  const nodeOf = (id: string): Set<string> => {
    const found = needs.get(id) ?? new Set<string>();
    needs.set(id, found);
    return found;
  };
  for (const { ask } of changes) nodeOf(ask.resourceID);
  for (const { fromResource, toResource } of edges)
    if (!leaving.has(fromResource)) nodeOf(fromResource).add(toResource);
  for (const [position, references] of referred.entries()) {
    const id = changes[position]?.ask.resourceID;
    if (id !== undefined) for (const { resourceID } of references) nodeOf(id).add(resourceID);
  }
  const found = orderOf(needs);
  if (!('circle' in found)) return;
  const way = found.circle.join(' -> ');
  throw badInput('changes', `the references go round in a circle: ${way}`, { circle: found.circle });
}
