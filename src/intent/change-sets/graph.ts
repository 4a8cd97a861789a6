/** For each node the nodes that must be done before it. Every node has an entry. */
export type Needs<Node> = ReadonlyMap<Node, ReadonlySet<Node>>;

/**
 * The nodes in an order in which each comes after all that it needs, otherwise as they were given; or a circle, as the
 * way round with its first node at both ends.
 */
export function orderOf<Node>(needs: Needs<Node>): { readonly order: Node[] } | { readonly circle: Node[] } {
  const done = new Set<Node>();
  const order: Node[] = [];
  for (const start of needs.keys()) {
    const circle = visit(start, needs, done, order);
    if (circle !== undefined) return { circle };
  }
  return { order };
}

/** Depth first without recursion: a chain may be as long as a change set. */
function visit<Node>(start: Node, needs: Needs<Node>, done: Set<Node>, order: Node[]): Node[] | undefined {
  if (done.has(start)) return undefined;
  const way = [{ node: start, rest: iterate(needs, start) }];
  const onWay = new Set([start]);
  for (let last = way.at(-1); last !== undefined; last = way.at(-1)) {
    const { node, rest } = last;
    const next = rest.next();
    if (next.done === true) {
      way.pop();
      onWay.delete(node);
      done.add(node);
      order.push(node);
    } else if (onWay.has(next.value)) {
      const nodes = way.map((each) => each.node);
      return [...nodes.slice(nodes.indexOf(next.value)), next.value];
    } else if (!done.has(next.value)) {
      way.push({ node: next.value, rest: iterate(needs, next.value) });
      onWay.add(next.value);
    }
  }
  return undefined;
}

function iterate<Node>(needs: Needs<Node>, node: Node): Iterator<Node> {
  return (needs.get(node) ?? new Set<Node>()).values();
}
