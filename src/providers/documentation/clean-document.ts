import { replaceDeceiving, withoutCommands } from '../../shared/deceiving-text.ts';

// What is fetched when Markdown, or the HTML in it, is drawn is a way to carry data out; scripts and styles are worse, and
// comments say something to an assistant that nobody else sees.
const images = /!(?=\[)/g;
const tags =
  /<(?=!--|\/?(?:img|image|picture|source|svg|video|audio|iframe|frame|embed|object|link|style|script|input|base|meta|form)\b)/gi;

const MAX_FRONT_MATTER = 10_000; // titles and descriptions; more of it is text that somebody is to read
const MAX_WORDS = 300;

/**
 * Markdown of strangers, fit to be stored, shown and handed to an assistant: without what a terminal or a reader does
 * not see, without what is fetched when it is drawn, and without the header for machines at its top.
 */
export function cleanDocument(bytes: Uint8Array): string {
  const text = withoutCommands(Buffer.from(bytes).toString('utf8'));
  const lines = text.replaceAll(/\r\n?|[\u2028\u2029]/g, '\n');
  return withoutFrontMatter(defuse(replaceDeceiving(lines, '', 'lines and joiners'))).trim();
}

/** The same for a title or a description: one line of it. */
export function cleanWords(text: string): string {
  const words = text.slice(0, 10 * MAX_WORDS).replaceAll(/\s+/g, ' ');
  return defuse(replaceDeceiving(withoutCommands(words), ''))
    .trim()
    .slice(0, MAX_WORDS)
    .toWellFormed();
}

function defuse(text: string): string {
  return text.replaceAll(images, '! ').replaceAll(tags, '< ');
}

// `---`, some lines of YAML, `---`: the registry has read it, its title and description are in the list of documents.
function withoutFrontMatter(text: string): string {
  if (!text.startsWith('---\n')) return text;
  const end = text.indexOf('\n---\n', 3);
  return end === -1 || end > MAX_FRONT_MATTER ? text : text.slice(end + '\n---\n'.length);
}
