import { undefinedBecause } from './builtin.ts';

// JavaScript's expressions differ from those of RE2 in classes, anchors and escapes. The pattern is rewritten piece by
// piece; what RE2 refuses is refused (undefined, as in OPA), and what we cannot rewrite exactly ends the evaluation.

const MAX_REPEAT = 1_000; // RE2's own limit
const SPACES = String.raw`\t\n\f\r `;
const PERL_CLASSES: Readonly<Record<string, string>> = {
  d: '[0-9]',
  D: '[^0-9]',
  w: '[0-9A-Za-z_]',
  W: '[^0-9A-Za-z_]',
  s: `[${SPACES}]`,
  S: `[^${SPACES}]`,
};
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: String.raw`\u{0}-\u{7f}`,
  blank: String.raw`\t `,
  cntrl: String.raw`\u{0}-\u{1f}\u{7f}`,
  digit: '0-9',
  graph: String.raw`\u{21}-\u{7e}`,
  lower: 'a-z',
  print: String.raw`\u{20}-\u{7e}`,
  punct: String.raw`\u{21}-\u{2f}\u{3a}-\u{40}\u{5b}-\u{60}\u{7b}-\u{7e}`,
  space: String.raw`\t\n\v\f\r `,
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** A JavaScript expression, with the `v` and `g` flags, that matches what RE2 would. */
export function compilePattern(pattern: string): RegExp {
  const { flags, body } = splitFlags(pattern);
  const source = new PatternReader(body, flags).read();
  try {
    return new RegExp(source, flags.includes('i') ? 'giv' : 'gv');
  } catch {
    return undefinedBecause('bad pattern');
  }
}

function splitFlags(pattern: string): { flags: string; body: string } {
  const [all = '', flags = ''] = /^\(\?([a-zA-Z]+)\)/.exec(pattern) ?? [];
  if (/[^imsU]/.test(flags)) return undefinedBecause('no such flag');
  if (flags.includes('U')) throw new Error('the flag U of regular expressions is not supported');
  return { flags, body: pattern.slice(all.length) };
}

class PatternReader {
  readonly #text: string;
  readonly #flags: string;
  #at = 0;

  constructor(text: string, flags: string) {
    this.#text = text;
    this.#flags = flags;
  }

  read(): string {
    let source = '';
    while (this.#at < this.#text.length) source += this.#piece();
    return source;
  }

  #piece(): string {
    const character = this.#next();
    switch (character) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#class();
      case '(':
        return this.#group();
      case '.':
        return this.#flags.includes('s') ? '[^]' : String.raw`[^\n]`;
      case '^':
        return this.#flags.includes('m') ? String.raw`(?:^|(?<=\n))` : '^';
      case '$':
        return this.#flags.includes('m') ? String.raw`(?=\n|$)` : '$';
      case '{':
        return this.#repeat();
      case ')':
      case '|':
      case '*':
      case '+':
      case '?':
        return character;
      default:
        return literal(character);
    }
  }

  #next(): string {
    const code = this.#text.codePointAt(this.#at);
    const character = code === undefined ? undefinedBecause('pattern ends early') : String.fromCodePoint(code);
    this.#at += character.length;
    return character;
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    const found = pattern.exec(this.#text.slice(this.#at));
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  /** `{` that begins no repetition stands for itself. */
  #repeat(): string {
    const found = this.#take(/^(\d+)(,(\d*))?\}/);
    if (found === null) return literal('{');
    if (Number(found[1]) > MAX_REPEAT || Number(found[3] ?? 0) > MAX_REPEAT)
      return undefinedBecause('repeat too large');
    return `{${found[0]}`;
  }

  #group(): string {
    if (!this.#text.startsWith('?', this.#at)) return '(';
    if (this.#take(/^\?:/) !== null) return '(?:';
    const name = this.#take(/^\?P?<([A-Za-z0-9_]+)>/)?.[1];
    if (name !== undefined) return `(?<${name}>`;
    if (this.#take(/^\?[imsU-]+[:)]/) !== null)
      throw new Error('flags inside of a regular expression are not supported');
    return undefinedBecause('no such group');
  }

  #escape(): string {
    if (this.#take(/^Q/) !== null) return this.#quoted();
    const anchor = this.#take(/^[AbBz]/)?.[0];
    if (anchor !== undefined) return anchor === 'A' ? '^' : anchor === 'z' ? '$' : `\\${anchor}`;
    return this.#set() ?? literal(this.#escaped());
  }

  #quoted(): string {
    const end = this.#text.indexOf('\\E', this.#at);
    const text = this.#text.slice(this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#text.length : end + 2;
    return Array.from(text, literal).join('');
  }

  /** After a backslash: a class such as `\d` or `\pL`. */
  #set(): string | undefined {
    const perl = this.#take(/^[dDwWsS]/)?.[0];
    if (perl !== undefined) return PERL_CLASSES[perl];
    const unicode = this.#take(/^([pP])(?:\{(\^?)(\w+)\}|([A-Z]))/);
    if (unicode === null) return undefined;
    const [, letter, caret, long, short] = unicode;
    const name = long ?? short ?? '';
    const negative = (letter === 'P') !== (caret === '^');
    return `\\${negative ? 'P' : 'p'}{${name.length <= 2 ? name : `Script=${name}`}}`;
  }

  /** After a backslash: one character. */
  #escaped(): string {
    const hex = this.#take(/^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/);
    if (hex !== null) return codePoint(Number.parseInt(hex[1] ?? hex[2] ?? '', 16));
    const octal = this.#take(/^(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/)?.[0];
    if (octal !== undefined) return codePoint(Number.parseInt(octal, 8));
    const character = this.#next();
    const control = Object.hasOwn(CONTROLS, character) ? CONTROLS[character] : undefined;
    if (control !== undefined) return codePoint(control);
    return /^[!-/:-@[-`{-~]$/.test(character) ? character : undefinedBecause('no such escape');
  }

  #class(): string {
    let source = this.#take(/^\^/) === null ? '[' : '[^';
    for (let first = true; first || !this.#text.startsWith(']', this.#at); first = false) source += this.#classItem();
    this.#at += 1;
    return `${source}]`;
  }

  #classItem(): string {
    const posix = this.#take(/^\[:(\^?)(\w+):\]/);
    if (posix !== null) {
      const members = Object.hasOwn(POSIX_CLASSES, posix[2] ?? '') ? POSIX_CLASSES[posix[2] ?? ''] : undefined;
      return `[${posix[1]}${members ?? undefinedBecause('no such class')}]`;
    }
    if (this.#take(/^\\(?=[dDwWsSpP])/) !== null) return this.#set() ?? undefinedBecause('no such class');
    const from = this.#classCharacter();
    if (this.#take(/^-(?!\])/) === null) return literal(from);
    return `${literal(from)}-${literal(this.#classCharacter())}`;
  }

  #classCharacter(): string {
    return this.#take(/^\\/) === null ? this.#next() : this.#escaped();
  }
}

function literal(character: string): string {
  return String.raw`\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function codePoint(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefinedBecause('no such character');
}
