const MAX_CHARACTERS = 18_000; // about 5,000 tokens, and within what a tool's answer may have
const MIN_PART = 0.5; // of a page: a seam that leaves less is no better than one in the middle of a section

/** Cuts a text where a section, a paragraph or a line ends, in pages that fit an assistant's context. */
export function pagesOf(text: string): string[] {
  const pages: string[] = [];
  let at = 0;
  while (text.length - at > MAX_CHARACTERS) {
    const window = text.slice(at, at + MAX_CHARACTERS);
    const length = seamIn(window);
    pages.push(window.slice(0, length));
    at += length;
  }
  return [...pages, text.slice(at)];
}

function seamIn(window: string): number {
  const seams = [/\n(?=#{2,3} )/g, /\n\n/g, /\n/g].map((seam) => lastEnd(window, seam));
  const seam = seams.find((each) => each > window.length * MIN_PART);
  // a pair of surrogates stays together
  return seam ?? (/[\ud800-\udbff]$/.test(window) ? window.length - 1 : window.length);
}

function lastEnd(window: string, seam: RegExp): number {
  const last = [...window.matchAll(seam)].at(-1);
  return last === undefined ? 0 : last.index + last[0].length;
}
