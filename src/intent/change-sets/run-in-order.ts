import type { Needs } from './graph.ts';

/** What became of one piece of work. A piece that is not begun names the one that kept it from beginning. */
export type Fate<Node> =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'left'; because: Node };

export interface OrderedWork<Node> {
  readonly needs: Needs<Node>;
  /** How many may be under way at once. */
  readonly parallelism: number;
  /** @returns whether it went well; whatever needs it is left otherwise */
  readonly work: (node: Node) => Promise<boolean>;
  /** Asked before each piece: once it says so, nothing more is begun. */
  readonly isStopped: () => boolean;
}

/**
 * Does pieces of work, each after all that it needs, several at once. What needs a failed piece is not begun; the rest
 * goes on.
 *
 * @returns the fate of each; one that is missing was not begun because the work was stopped
 * @throws what a piece throws, after those under way have come to their end
 */
export async function runInOrder<Node>(ordered: OrderedWork<Node>): Promise<Map<Node, Fate<Node>>> {
  const { needs, parallelism, work, isStopped } = ordered;
  const fates = new Map<Node, Fate<Node>>();
  const { waiting, needing } = countsOf(needs);
  const ready = [...needs.keys()].filter((node) => waiting.get(node) === 0);

  const settle = (node: Node, went: boolean): void => {
    fates.set(node, { kind: went ? 'done' : 'failed' });
    for (const next of needing.get(node) ?? []) {
      if (!went) leave(next, node);
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0 && !fates.has(next)) ready.push(next);
    }
  };
  // Not by recursion: a chain may be as long as a change set.
  const leave = (first: Node, because: Node): void => {
    const chain = [first];
    for (const node of chain) {
      if (fates.has(node)) continue;
      fates.set(node, { kind: 'left', because });
      chain.push(...(needing.get(node) ?? []));
    }
  };

  const underWay = new Map<Node, Promise<void>>();
  const problems: unknown[] = [];
  let next = 0;
  const begin = (node: Node): void => {
    const piece = work(node)
      .then(
        (went) => settle(node, went),
        (error: unknown) => void problems.push(error),
      )
      .finally(() => underWay.delete(node));
    underWay.set(node, piece);
  };
  for (;;) {
    while (underWay.size < parallelism && problems.length === 0 && !isStopped()) {
      const node = ready[next];
      if (node === undefined) break;
      next += 1;
      begin(node);
    }
    if (underWay.size === 0) break;
    await Promise.race(underWay.values());
  }
  if (problems.length > 0) throw problems[0];
  return fates;
}

function countsOf<Node>(needs: Needs<Node>): { waiting: Map<Node, number>; needing: Map<Node, Node[]> } {
  const waiting = new Map([...needs].map(([node, needed]) => [node, needed.size]));
  const needing = new Map<Node, Node[]>();
  for (const [node, needed] of needs) {
    for (const each of needed) {
      const list = needing.get(each);
      if (list === undefined) needing.set(each, [node]);
      else list.push(node);
    }
  }
  return { waiting, needing };
}
