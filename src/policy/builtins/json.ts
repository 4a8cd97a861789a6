import { type Builtin, textOf, undefinedBecause } from './builtin.ts';
import { isRegoArray, RegoObject, RegoSet, regoToJson, type RegoValue } from './rego-value.ts';

interface Layout {
  readonly pretty: boolean;
  readonly prefix: string;
  readonly indent: string;
}

function readLayout(options: RegoValue | undefined): Layout {
  if (!(options instanceof RegoObject)) return undefinedBecause('options must be an object');
  const known = ['prefix', 'indent', 'pretty'];
  if (options.entries().some(([key]) => typeof key !== 'string' || !known.includes(key))) {
    return undefinedBecause('unknown option');
  }
  const [prefix, indent, pretty] = known.map((key) => options.get(key));
  if (pretty !== undefined && typeof pretty !== 'boolean') return undefinedBecause('pretty must be a boolean');
  return {
    pretty: pretty ?? (prefix !== undefined || indent !== undefined),
    prefix: prefix === undefined ? '' : textOf(prefix),
    indent: indent === undefined ? '\t' : textOf(indent),
  };
}

/** Go escapes what could end a script element. */
function escapeMarkup(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function print(value: RegoValue, { prefix, indent }: Layout, depth: number): string {
  const line = `\n${prefix}${indent.repeat(depth + 1)}`;
  const end = `\n${prefix}${indent.repeat(depth)}`;
  const inner = (item: RegoValue) => print(item, { pretty: true, prefix, indent }, depth + 1);
  if (value instanceof RegoObject && value.items.size > 0) {
    const members = value.entries().map(([key, item]) => `${escapeMarkup(regoToJson(key))}: ${inner(item)}`);
    return `{${line}${members.join(`,${line}`)}${end}}`;
  }
  const items = value instanceof RegoSet ? value.values() : isRegoArray(value) ? value : [];
  return items.length > 0 ? `[${line}${items.map(inner).join(`,${line}`)}${end}]` : escapeMarkup(regoToJson(value));
}

const marshalWithOptions: Builtin = (value = null, options) => {
  const layout = readLayout(options);
  return layout.pretty ? layout.prefix + print(value, layout, 0) : escapeMarkup(regoToJson(value));
};

export const jsonBuiltins = { 'json.marshal_with_options': marshalWithOptions } satisfies Record<string, Builtin>;
