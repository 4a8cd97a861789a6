import { arrayOf, type Builtin, smallIntegerOf, textOf, textsOf, undefinedBecause } from './builtin.ts';
import { formatArgument, formatGo } from './go-format.ts';

const indexOfAll: Builtin = (text, search) => {
  const characters = Array.from(textOf(text));
  const wanted = Array.from(textOf(search));
  if (wanted.length === 0) return undefinedBecause('empty search');
  return characters.flatMap((_one, at) => (wanted.every((two, offset) => characters[at + offset] === two) ? [at] : []));
};

const count: Builtin = (text, search) => {
  const wanted = textOf(search);
  return wanted === '' ? Array.from(textOf(text)).length + 1 : textOf(text).split(wanted).length - 1;
};

/** The first `n` parts, or with a negative `n` the last. */
const splitSome: Builtin = (text, separator, limit) => {
  const wanted = textOf(separator);
  const parts = wanted === '' ? Array.from(textOf(text)) : textOf(text).split(wanted);
  const n = smallIntegerOf(limit);
  return n >= 0 ? parts.slice(0, n) : parts.slice(Math.max(parts.length + n, 0));
};

export const stringBuiltins = {
  sprintf: (format, args) => formatGo(textOf(format), arrayOf(args).map(formatArgument)),
  indexof_n: indexOfAll,
  'strings.count': count,
  'strings.split_n': splitSome,
  'strings.any_prefix_match': (texts, prefixes) => {
    const wanted = textsOf(prefixes);
    return textsOf(texts).some((text) => wanted.some((prefix) => text.startsWith(prefix)));
  },
  'strings.any_suffix_match': (texts, suffixes) => {
    const wanted = textsOf(suffixes);
    return textsOf(texts).some((text) => wanted.some((suffix) => text.endsWith(suffix)));
  },
  'glob.quote_meta': (text) => textOf(text).replaceAll(/[*?\\[\]{}]/g, String.raw`\$&`),
} satisfies Record<string, Builtin>;
