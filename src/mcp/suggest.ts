import { suggestName } from '../shared/suggest-name.ts';

/** ` - did you mean "config"?`, or nothing when no known word is near. */
export function suggest(word: string, known: readonly string[]): string {
  const nearest = suggestName(word, known);
  return nearest === undefined ? '' : ` - did you mean ${JSON.stringify(nearest)}?`;
}
