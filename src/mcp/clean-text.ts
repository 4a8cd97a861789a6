import { stripVTControlCharacters } from 'node:util';

import { isJsonObject, type Json } from '../shared/json.ts';

// Control characters, except tab and line feed.
const controls = /[\p{Cc}--[\t\n]]/gv;
// Marks that turn the reading direction or hide characters, and the tag block: text looks other than it is. The joiners
// U+200C and U+200D stay: several scripts need them.
const deceivers = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;
// An image in Markdown is fetched when a client renders it: a way to carry data out.
const images = /!(?=\[)/g;

/**
 * Makes text from elsewhere (providers, resources, names, errors) safe to hand to an assistant and to print.
 * Nothing legible is lost: an image in Markdown stays readable as a link.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(controls, '')
    .replaceAll(deceivers, '')
    .replaceAll(images, '! ');
}

/** The same for every string and key of a JSON value. */
export function cleanJson(value: Json): Json {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map((item: Json) => cleanJson(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [cleanText(key), cleanJson(part)]));
}
