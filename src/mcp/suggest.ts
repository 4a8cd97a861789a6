const MAX_WORD_LENGTH = 100; // longer words are nobody's typing mistake, and the comparison is quadratic

/** ` - did you mean "config"?`, or nothing when no known word is near. */
export function suggest(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? '' : ` - did you mean ${JSON.stringify(nearest)}?`;
}

function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  const plain = simplify(word);
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceBetween(plain, simplify(candidate)) }))
    .toSorted((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined) return undefined;
  return best.distance <= Math.max(1, Math.floor(plain.length * 0.4)) ? best.candidate : undefined;
}

// `resourceId`, `resource_id` and `resource-id` are one word to whoever mistypes it.
function simplify(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, '');
}

/** Levenshtein distance, one row at a time. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
