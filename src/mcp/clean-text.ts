import { replaceDeceiving, withoutCommands } from '../shared/deceiving-text.ts';
import { isJsonObject, type Json } from '../shared/json.ts';

// An image in Markdown is fetched when a client renders it: a way to carry data out.
const images = /!(?=\[)/g;

/**
 * Makes text from elsewhere (providers, resources, names, errors) safe to hand to an assistant and to print.
 * Nothing legible is lost: an image in Markdown stays readable as a link.
 */
export function cleanText(text: string): string {
  const lines = withoutCommands(text).replaceAll(/\r\n?|[\u2028\u2029]/g, '\n');
  return replaceDeceiving(lines, '', 'lines and joiners').replaceAll(images, '! ');
}

/** The same for every string and key of a JSON value. */
export function cleanJson(value: Json): Json {
  if (typeof value === 'string') return cleanText(value);
  if (Array.isArray(value)) return value.map((item: Json) => cleanJson(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [cleanText(key), cleanJson(part)]));
}
