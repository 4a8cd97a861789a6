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

// What a terminal takes for a command: `CSI … m`, `OSC … BEL`, sets of letters, resets. No part of a command can hold the
// character that begins one, so that each is looked at once, however many beginnings without an end a text has.
const commands = new RegExp(
  [
    '(?:\\u001b\\[|\\u009b)[0-?]*[ -\\/]*[@-~]',
    '(?:\\u001b[\\]P_^]|[\\u009d\\u0090])[^\\n\\r\\u0007\\u001b\\u009b-\\u009d\\u0090]*(?:\\u0007|\\u001b\\\\|\\u009c)',
    '\\u001b[\\(\\)*+][0-9A-Za-z]',
    '\\u001b[78=>c]',
  ].join('|'),
  'g',
);

/** Takes out what would colour, move or link on a terminal; a beginning without an end is left to `replaceDeceiving`. */
export function withoutCommands(text: string): string {
  return text.replaceAll(commands, '');
}
