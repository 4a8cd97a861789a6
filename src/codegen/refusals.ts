import { getLocation, type ASTNode } from 'graphql';

/** Something in the written sources that would make a wrong or unsafe API. */
export interface Refusal {
  /** `schema/spaces.graphql:12` */
  readonly where: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** Thrown with everything that is wrong at once, so that one run shows all there is to mend. */
export class CodegenRefused extends Error {
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(refusals.map(({ where, message }) => `${where}: ${message}`).join('\n'));
    this.name = 'CodegenRefused';
    this.refusals = refusals;
  }
}

export function refuseAll(refusals: readonly Refusal[]): void {
  if (refusals.length > 0) throw new CodegenRefused(refusals);
}

/** A refusal that points at the line where the node begins. */
export function refusal(node: ASTNode, message: string): Refusal {
  return { where: placeOf(node), message };
}

export function placeOf(node: ASTNode): string {
  if (node.loc === undefined) return 'unknown place';
  return `${node.loc.source.name}:${getLocation(node.loc.source, node.loc.start).line}`;
}

/** The nearest of the known words, for `did you mean`; undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const ranked = [...known]
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(2, word.length / 3) ? best.candidate : undefined;
}

export function didYouMean(word: string, known: Iterable<string>): string {
  const near = nearest(word, known);
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 0; i < left.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < right.length; j++) {
      const kept = (row[j] ?? 0) + (left[i] === right[j] ? 0 : 1);
      next.push(Math.min(kept, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? left.length;
}
