// Characters that nobody sees and that change what people see: controls, marks that turn the direction of text, letters
// without width, the tag block, separators of lines. A few format characters of Arabic, Syriac and Kaithi are drawn like
// any letter; those are legible text.
const ALL = '[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\u{e0000}-\\u{e007f}]'; // of the tag block also what is not assigned yet
const LEGIBLE = '[\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}]';
const LINES = '[\\t\\n]';
const JOINERS = '[\\u200c\\u200d]';

const patterns = {
  nothing: new RegExp(`[${ALL}--${LEGIBLE}]`, 'gv'),
  /** Tabs and line feeds, for text of several lines. */
  lines: new RegExp(`[${ALL}--${LEGIBLE}--${LINES}]`, 'gv'),
  /** Also the joiners that several scripts, and many emoji, are written with. */
  'lines and joiners': new RegExp(`[${ALL}--${LEGIBLE}--${LINES}--${JOINERS}]`, 'gv'),
} as const;

/** Whether text from elsewhere could look like something that it is not. */
export function isDeceiving(text: string): boolean {
  return text.search(patterns.nothing) !== -1;
}

/** @param spared what stays where it is */
export function replaceDeceiving(text: string, by: string, spared: keyof typeof patterns = 'nothing'): string {
  return text.replaceAll(patterns[spared], by);
}
