import { badInput } from '../../shared/errors.ts';
import type { Discovery } from './request.ts';

// About 1,400 tokens of SDL: an answer that an assistant can hold many of.
const PAGE_CHARACTERS = 4_600;
const MAX_ENTRY_CHARACTERS = 2_000;

/**
 * Cuts a list of entries to one page.
 *
 * @param cursor number of the first entry of the page, as the page before gave it
 * @throws BAD_INPUT for a cursor that no page gave
 */
export function page(entries: readonly string[], cursor: string | null | undefined): Discovery {
  const first = parseCursor(cursor, entries.length);
  let text = '';
  let at = first;
  while (at < entries.length) {
    const entry = shorten(entries[at] ?? '');
    if (at > first && text.length + entry.length + 1 > PAGE_CHARACTERS) break;
    text += at === first ? entry : `\n${entry}`;
    at += 1;
  }
  return { text, cursor: at < entries.length ? String(at) : null, total: entries.length };
}

function parseCursor(cursor: string | null | undefined, total: number): number {
  if (cursor === null || cursor === undefined || cursor === '') return 0;
  const at = /^\d{1,6}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (at < total) return at;
  throw badInput('cursor', 'give back the cursor of the page before, with the same kind and name');
}

function shorten(entry: string): string {
  return entry.length <= MAX_ENTRY_CHARACTERS ? entry : `${entry.slice(0, MAX_ENTRY_CHARACTERS)} …`;
}
