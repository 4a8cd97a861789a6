import { distance } from 'fastest-levenshtein';

const MAX_WORD_LENGTH = 100; // longer words are nobody's typing mistake, and the comparison is quadratic
const MAX_CANDIDATES = 2_000; // a hint is not worth more work than this
const TOLERANCE = 0.4; // wrong letters, of all: `tpye` finds `type`, `size` does not

/** The known name that a misspelt one most likely means, if one is near enough. */
export function suggestName(word: string, known: readonly string[]): string | undefined {
  if (word.length > MAX_WORD_LENGTH) return undefined;
  const plain = simplify(word);
  const limit = Math.ceil(plain.length * TOLERANCE);
  let [best, bestDistance]: [string | undefined, number] = [undefined, limit + 1];
  for (const candidate of known.slice(0, MAX_CANDIDATES)) {
    const away = distance(plain, simplify(candidate));
    if (away < bestDistance) [best, bestDistance] = [candidate, away];
  }
  return best;
}

// `resourceId`, `resource_id` and `resource-id` are one word to whoever mistypes it.
function simplify(word: string): string {
  return word.toLowerCase().replace(/[_-]/g, '');
}
