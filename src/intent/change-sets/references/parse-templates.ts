import { badInput } from '../../../shared/errors.ts';
import { isJsonObject, type Json } from '../../../shared/json.ts';
import { formatPath } from '../../../shared/problems.ts';

export type Path = readonly (string | number)[];

/** A place in a configuration that refers to other resources. */
export interface Template {
  /** Where it is in the configuration. */
  readonly path: Path;
  /** Plain text, and what stands between `${` and `}`, in turn. */
  readonly parts: readonly TemplatePart[];
}

export type TemplatePart = { readonly text: string } | { readonly expression: string };

const MAX_EXPRESSION_LENGTH = 1_024;

/**
 * Finds the references in a configuration: `${resourceID.attribute}` alone, where the value keeps its type, or in a text.
 * `$${` stands for `${`. Keys of objects are left as they are.
 *
 * @param where what a message calls the configuration, such as `changes[2].config`
 * @throws BAD_INPUT for a reference that has no end
 */
export function parseTemplates(config: Json, where: string, path: Path = []): Template[] {
  if (typeof config === 'string') {
    const parts = parseText(config, () => `${where}.${formatPath(path)}`);
    return parts.some(isDollar) ? [{ path, parts }] : [];
  }
  if (Array.isArray(config)) return config.flatMap((part: Json, at) => parseTemplates(part, where, [...path, at]));
  if (!isJsonObject(config)) return [];
  return Object.entries(config).flatMap(([key, part]) => parseTemplates(part, where, [...path, key]));
}

// A text with an escape is a template too: the escape must be taken out.
function isDollar(part: TemplatePart): boolean {
  return 'expression' in part || part.text.includes('${');
}

function parseText(text: string, where: () => string): TemplatePart[] {
  const parts: TemplatePart[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const next = text.indexOf('${', at);
    if (next === -1) break;
    if (text[next - 1] === '$' && next > at) {
      plain += `${text.slice(at, next - 1)}\${`;
      at = next + 2;
      continue;
    }
    const end = endOfExpression(text, next + 2, where);
    plain += text.slice(at, next);
    if (plain !== '') parts.push({ text: plain });
    plain = '';
    parts.push({ expression: text.slice(next + 2, end).trim() });
    at = end + 1;
  }
  plain += text.slice(at);
  return plain === '' ? parts : [...parts, { text: plain }];
}

/** A bracket may hold a quoted key, and that may hold a `}`. */
function endOfExpression(text: string, from: number, where: () => string): number {
  const match = /^(?:[^"}]|"(?:[^"\\]|\\.)*")*\}/s.exec(text.slice(from, from + MAX_EXPRESSION_LENGTH));
  if (match !== null) return from + match[0].length - 1;
  throw badInput(where(), 'has a "${" that nothing ends; write "$${" for these characters themselves');
}
