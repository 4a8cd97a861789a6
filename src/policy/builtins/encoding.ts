import { type Builtin, elementsOf, textOf, undefinedBecause } from './builtin.ts';
import { RegoObject, type RegoValue } from './rego-value.ts';

function escapeQuery(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed());
  return escaped.replaceAll(/[!'()*]/g, hexEscape).replaceAll('%20', '+');
}

function hexEscape(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function unescapeQuery(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefinedBecause('bad percent escape');
  const bytes = text
    .replaceAll('+', ' ')
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part) => (part.startsWith('%') ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part)));
  return Buffer.concat(bytes).toString('utf8');
}

const encodeObject: Builtin = (value) => {
  if (!(value instanceof RegoObject)) return undefinedBecause('operand must be an object');
  const pairs = value.entries().flatMap(([key, item]) => {
    const values = typeof item === 'string' ? [item] : elementsOf(item).map(textOf);
    return values.map((one) => `${escapeQuery(textOf(key))}=${escapeQuery(one)}`);
  });
  return pairs.join('&');
};

const decodeObject: Builtin = (query) => {
  const found = new Map<string, string[]>();
  for (const pair of textOf(query)
    .split('&')
    .filter((part) => part !== '')) {
    if (pair.includes(';')) return undefinedBecause('semicolon in a query');
    const [key = '', ...rest] = pair.split('=');
    const name = unescapeQuery(key);
    found.set(name, [...(found.get(name) ?? []), unescapeQuery(rest.join('='))]);
  }
  return new RegoObject(found);
};

const decodeHex: Builtin = (text) => {
  const digits = textOf(text);
  if (!/^([0-9a-fA-F]{2})*$/.test(digits)) return undefinedBecause('not hex digits');
  return Buffer.from(digits, 'hex').toString('utf8');
};

export const encodingBuiltins = {
  'hex.encode': (text) => Buffer.from(textOf(text)).toString('hex'),
  'hex.decode': decodeHex,
  'base64url.encode_no_pad': (text) => Buffer.from(textOf(text)).toString('base64url'),
  'urlquery.encode': (text) => escapeQuery(textOf(text)),
  'urlquery.decode': (text): RegoValue => unescapeQuery(textOf(text)),
  'urlquery.encode_object': encodeObject,
  'urlquery.decode_object': decodeObject,
} satisfies Record<string, Builtin>;
