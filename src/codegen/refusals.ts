import { getLocation, type ASTNode } from 'graphql';
import { suggestName } from '../shared/suggest-name.ts';

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

export function didYouMean(word: string, known: Iterable<string>): string {
  const near = suggestName(word, [...known]);
  return near === undefined ? '' : `; did you mean ${JSON.stringify(near)}?`;
}
