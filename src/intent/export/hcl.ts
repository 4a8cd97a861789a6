import { replaceDeceiving } from '../../shared/deceiving-text.ts';
import type { CtyType } from '../../providers/index.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';

// HCL's native syntax, as Terraform and OpenTofu read it. Everything that comes from a user or a provider goes through
// `quoted` or `comment`: nothing in it can end a string, begin a template or start a new line.

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A string in quotes. */
export function quoted(text: string): string {
  const plain = text
    .toWellFormed()
    .replace(/[\\"\p{Cc}\u2028\u2029]/gu, (char) => ESCAPES[char] ?? unicodeEscape(char));
  return `"${plain.replace(/[$%](?=\{)/g, '$&$&')}"`;
}

function unicodeEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** A line that is not read. */
export function comment(text: string): string {
  return `# ${replaceDeceiving(text.toWellFormed(), '\n').replaceAll(/\n+/g, ' ')}`.trimEnd();
}

/** A literal value. Names of attributes are always quoted: bare ones could be words of the language. */
export function literal(value: Json, indent = ''): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (isJsonObject(value)) {
    return objectText(
      Object.entries(value).map(([name, each]) => [name, literal(each, `${indent}  `)]),
      indent,
    );
  }
  return listText(
    value.map((each) => literal(each, `${indent}  `)),
    indent,
  );
}

/** An object whose members are written already. */
export function objectText(members: readonly (readonly [name: string, text: string])[], indent: string): string {
  if (members.length === 0) return '{}';
  const lines = members.map(([name, text]) => `${indent}  ${quoted(name)} = ${text}\n`);
  return `{\n${lines.join('')}${indent}}`;
}

/** A list whose elements are written already. */
export function listText(elements: readonly string[], indent: string): string {
  const short = elements.length === 0 || (elements.length <= 8 && elements.every((text) => text.length <= 24));
  if (short && !elements.some((text) => text.includes('\n'))) return `[${elements.join(', ')}]`;
  return `[\n${elements.map((text) => `${indent}  ${text},\n`).join('')}${indent}]`;
}

/** A type constraint, for a variable. */
export function typeConstraint(type: CtyType): string {
  if (typeof type === 'string') return type === 'dynamic' ? 'any' : type;
  if ('list' in type) return `list(${typeConstraint(type.list)})`;
  if ('set' in type) return `set(${typeConstraint(type.set)})`;
  if ('map' in type) return `map(${typeConstraint(type.map)})`;
  if ('tuple' in type) return `tuple([${type.tuple.map(typeConstraint).join(', ')}])`;
  const members = Object.entries(type.object).map(([name, inner]) => `${name} = ${typeConstraint(inner)}`);
  return `object({ ${members.join(', ')} })`;
}
