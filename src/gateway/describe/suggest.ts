const MAX_SUGGESTIONS = 5;
const MIN_LIKENESS = 0.35;

/** The names most like `name`, best first: by the pairs of letters that they share. */
export function suggest(name: string, names: readonly string[]): string[] {
  const wanted = pairs(name);
  return names
    .map((candidate) => ({ candidate, likeness: likeness(wanted, pairs(candidate)) }))
    .filter((each) => each.likeness >= MIN_LIKENESS)
    .toSorted((a, b) => b.likeness - a.likeness || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS)
    .map((each) => each.candidate);
}

function pairs(text: string): ReadonlySet<string> {
  const lower = ` ${text.toLowerCase()} `;
  return new Set(Array.from({ length: lower.length - 1 }, (_, at) => lower.slice(at, at + 2)));
}

/** Dice's coefficient: 1 for equal sets, 0 for disjoint ones. */
function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const pair of a) if (b.has(pair)) shared += 1;
  return (2 * shared) / (a.size + b.size);
}
