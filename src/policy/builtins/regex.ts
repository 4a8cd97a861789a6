import { LRUCache } from 'lru-cache';

import { type Builtin, smallIntegerOf, textOf, undefinedBecause } from './builtin.ts';
import { compilePattern } from './re2-pattern.ts';
import type { RegoValue } from './rego-value.ts';

// JavaScript's matcher can take exponential time where RE2 cannot: the evaluation's time limit ends that, and denies.

const compiled = new LRUCache<string, RegExp>({ max: 200 });

function patternOf(value: RegoValue | undefined): RegExp {
  const text = textOf(value);
  const known = compiled.get(text) ?? compilePattern(text);
  compiled.set(text, known);
  return known;
}

/** All matches; an empty match right after another one does not count, as in Go. */
function matchesOf(pattern: RegExp, text: string, limit: number): RegExpExecArray[] {
  const found: RegExpExecArray[] = [];
  let end = -1;
  for (const match of text.matchAll(pattern)) {
    if (limit >= 0 && found.length >= limit) break;
    // V8 may also find nothing in the middle of a surrogate pair.
    if (match[0] === '' && (match.index === end || isInsidePair(text, match.index))) continue;
    end = match.index + match[0].length;
    found.push(match);
  }
  return found;
}

function isInsidePair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}

/** `$1`, `${1}`, `${name}`, `$$`; an unknown group is empty and a lone dollar stands for itself. */
function expandTemplate(template: string, match: RegExpExecArray): string {
  return template.replaceAll(/\$(?:(\$)|(\w+)|\{(\w+)\})/g, (_all, dollar?: string, bare?: string, braced?: string) => {
    if (dollar !== undefined) return '$';
    const name = bare ?? braced ?? '';
    return (/^(0|[1-9]\d*)$/.test(name) ? match[Number(name)] : match.groups?.[name]) ?? '';
  });
}

const replace: Builtin = (text, pattern, template) => {
  const base = textOf(text);
  let result = '';
  let end = 0;
  for (const match of matchesOf(patternOf(pattern), base, -1)) {
    result += base.slice(end, match.index) + expandTemplate(textOf(template), match);
    end = match.index + match[0].length;
  }
  return result + base.slice(end);
};

const split: Builtin = (pattern, text) => {
  const base = textOf(text);
  const expression = patternOf(pattern);
  if (base === '' && pattern !== '') return [''];
  const parts: string[] = [];
  let [begin, end] = [0, 0];
  for (const match of matchesOf(expression, base, -1)) {
    end = match.index;
    const after = match.index + match[0].length;
    if (after === 0) continue;
    parts.push(base.slice(begin, end));
    begin = after;
  }
  return end === base.length ? parts : [...parts, base.slice(begin)];
};

/** The text outside of the delimiters stands for itself, each part inside is an expression. */
const templateMatch: Builtin = (template, text, start, end) => {
  const [open, close] = [textOf(start), textOf(end)];
  if (!/^[\0-\x7f]$/.test(open) || !/^[\0-\x7f]$/.test(close)) return undefinedBecause('a delimiter is one character');
  const expression = templateExpression(textOf(template), open, close);
  return matchesOf(patternOf(`^${expression}$`), textOf(text), 1).length > 0;
};

function templateExpression(template: string, open: string, close: string): string {
  let [expression, level, from] = ['', 0, 0];
  for (const [at, character] of template.split('').entries()) {
    if (character === open) {
      level += 1;
      if (level === 1) [expression, from] = [expression + quote(template.slice(from, at)), at + 1];
    } else if (character === close) {
      level -= 1;
      if (level < 0) return undefinedBecause('unbalanced delimiters');
      if (level === 0) [expression, from] = [`${expression}(${template.slice(from, at)})`, at + 1];
    }
  }
  return level === 0 ? expression + quote(template.slice(from)) : undefinedBecause('unbalanced delimiters');
}

function quote(text: string): string {
  return text.replaceAll(/[\\.+*?()|[\]{}^$]/g, String.raw`\$&`);
}

export const regexBuiltins = {
  'regex.find_n': (pattern, text, n) =>
    matchesOf(patternOf(pattern), textOf(text), smallIntegerOf(n)).map(([all]) => all),
  'regex.replace': replace,
  'regex.split': split,
  'regex.template_match': templateMatch,
} satisfies Record<string, Builtin>;
