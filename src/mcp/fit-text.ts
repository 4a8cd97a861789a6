/** About 6,000 tokens: clients warn at 10,000 and cut at 25,000. */
export const MAX_TEXT_CHARACTERS = 24_000;

/** Cuts a long text and says how to get the rest in pieces. */
export function fitText(text: string, maxCharacters = MAX_TEXT_CHARACTERS): string {
  if (text.length <= maxCharacters) return text;
  const cut = text.slice(0, maxCharacters).replace(/[\ud800-\udbff]$/, '');
  return (
    `${cut}\n[cut: ${cut.length} of ${text.length} characters. ` +
    'Ask for less: fewer fields, `first` and `after`, `search`, or the next page by its cursor.]'
  );
}
