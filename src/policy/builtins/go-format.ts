import { fractionOf, roundHalfEven, shiftDecimal } from './fraction.ts';
import { isRegoArray, RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

/** What Go's formatter is given for a Rego value: whole numbers, floats, and text for everything else. */
export type FormatArgument = bigint | number | string;

/** A directive: flags, width, precision, verb. */
interface Directive {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly verb: string;
}

const DIRECTIVE = /%([-+# 0]*)(\d*)(?:\.(\d*))?(\[|\*|.|$)/gsu;
const MAX_PRECISION = 100;
const MAX_WIDTH = 1_000_000; // Go's own limit

/**
 * Formats as Go's `fmt.Sprintf` does, its error texts included: policies are written against those.
 *
 * @throws Error for the rare forms we lack (`%[1]d`, `%*d`, `%b` of floats): a message must not silently be another one
 */
export function formatGo(format: string, args: readonly FormatArgument[]): string {
  let used = 0;
  const text = format.replaceAll(
    DIRECTIVE,
    (_all, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === '[' || verb === '*') throw new Error(`sprintf: %${verb} is not supported`);
      if (verb === '%') return '%';
      if (verb === '') return '%!(NOVERB)';
      const argument = args[used];
      used += 1;
      if (argument === undefined) return `%!${verb}(MISSING)`;
      const digits = precision === undefined ? undefined : limited(precision);
      return formatOne({ flags, width: limited(width), precision: digits, verb }, argument);
    },
  );
  const extra = args.slice(used).map((argument) => `${typeName(argument)}=${plain(argument)}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

/** The Rego notation of a value as Go prints it in `%v` and `%s`. */
export function formatArgument(value: RegoValue): FormatArgument {
  if (typeof value === 'bigint' || typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  return spaced(value);
}

function spaced(value: RegoValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof RegoSet) return value.items.size === 0 ? 'set()' : `{${value.values().map(spaced).join(', ')}}`;
  if (value instanceof RegoObject) {
    const members = value.entries().map(([key, item]) => `${spaced(key)}: ${spaced(item)}`);
    return `{${members.join(', ')}}`;
  }
  if (isRegoArray(value)) return `[${value.map(spaced).join(', ')}]`;
  return JSON.stringify(value);
}

function limited(digits: string): number {
  const value = digits === '' ? 0 : Number(digits);
  if (value > MAX_WIDTH) throw new Error('sprintf: the width is too large');
  return value;
}

function formatOne(directive: Directive, argument: FormatArgument): string {
  if (typeof argument === 'bigint') return formatInteger(directive, argument) ?? badVerb(directive, argument);
  if (typeof argument === 'number') return formatFloat(directive, argument) ?? badVerb(directive, argument);
  return formatText(directive, argument) ?? badVerb(directive, argument);
}

/** The value is shown as `%v` shows it, in the width and precision of the verb that does not fit. */
function badVerb(directive: Directive, argument: FormatArgument): string {
  const flags = directive.flags.replaceAll('#', '');
  const shown = formatOne({ ...directive, flags, verb: 'v' }, argument);
  return `%!${directive.verb}(${typeName(argument)}=${shown})`;
}

function typeName(argument: FormatArgument): string {
  if (typeof argument === 'string') return 'string';
  if (typeof argument === 'number') return 'float64';
  return BigInt.asIntN(64, argument) === argument ? 'int64' : '*big.Int';
}

function plain(argument: FormatArgument): string {
  const directive = { flags: '', width: 0, precision: undefined, verb: 'v' };
  return formatOne(directive, argument);
}

const INTEGER_BASES: Readonly<Record<string, number>> = { d: 10, v: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const BASE_PREFIXES: Readonly<Record<string, string>> = { b: '0b', o: '0', x: '0x', X: '0X' };

function formatInteger(directive: Directive, value: bigint): string | undefined {
  const { verb, flags, precision } = directive;
  if (verb === 'c' || verb === 'q' || verb === 'U') return formatCodePoint(directive, value);
  const base = INTEGER_BASES[verb];
  if (base === undefined) return undefined;
  const digits = (value < 0n ? -value : value).toString(base);
  const padded = precision === 0 && value === 0n ? '' : digits.padStart(precision ?? 0, '0');
  const prefix = verb === 'O' ? '0o' : flags.includes('#') ? (BASE_PREFIXES[verb] ?? '') : '';
  const cased = verb === 'X' ? padded.toUpperCase() : padded;
  // A precision or left alignment switches zero padding off, as in C.
  return pad(directive, signOf(value < 0n, flags), prefix + cased, precision === undefined);
}

function formatCodePoint(directive: Directive, value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const code = valid ? Number(value) : 0xfffd;
  if (directive.verb === 'U')
    return pad(directive, '', `U+${BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(4, '0')}`, false);
  const character = String.fromCodePoint(code);
  return pad(directive, '', directive.verb === 'c' ? character : quoteRune(character), false);
}

function formatFloat(directive: Directive, value: number): string | undefined {
  const { verb, flags, precision } = directive;
  const body = floatBody(verb, Math.abs(value), precision);
  if (body === undefined) return undefined;
  const cased = verb === 'E' || verb === 'G' ? body.toUpperCase() : body;
  return pad(directive, signOf(value < 0, flags), cased, true);
}

function floatBody(verb: string, value: number, precision: number | undefined): string | undefined {
  switch (verb) {
    case 'e':
    case 'E':
      return exponential(value, precision ?? 6);
    case 'f':
    case 'F':
      return fixed(value, precision ?? 6);
    case 'g':
    case 'G':
    case 'v':
      return general(value, precision);
    case 'b':
    case 'x':
    case 'X':
      throw new Error(`sprintf: %${verb} of a float is not supported`);
    default:
      return undefined;
  }
}

/** Rounds the exact value, and halves to even; `toFixed` rounds halves up. */
function fixed(value: number, precision: number): string {
  if (precision > MAX_PRECISION) throw new Error(`sprintf: a precision over ${MAX_PRECISION} is not supported`);
  const digits = roundHalfEven(shiftDecimal(fractionOf(value), precision))
    .toString()
    .padStart(precision + 1, '0');
  const at = digits.length - precision;
  return precision === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
}

function exponential(value: number, precision: number): string {
  if (precision > MAX_PRECISION) throw new Error(`sprintf: a precision over ${MAX_PRECISION} is not supported`);
  const exponent = value === 0 ? 0 : Number(value.toExponential(MAX_PRECISION).split('e')[1]);
  const digits = roundHalfEven(shiftDecimal(fractionOf(value), precision - exponent)).toString();
  const carried = digits.length - precision - 1; // rounding up may have given one digit more
  const kept = digits.padEnd(precision + 1, '0').slice(0, precision + 1);
  const fraction = precision === 0 ? '' : `.${kept.slice(1)}`;
  const shown = value === 0 ? 0 : exponent + carried;
  return goExponent(`${kept.slice(0, 1)}${fraction}e${shown < 0 ? '' : '+'}${shown}`);
}

const SHORTEST_EXPONENT_LIMIT = 21; // Go's %v of a float turns to exponents there; %g does at the number of digits

function general(value: number, precision: number | undefined): string {
  const scientific = precision === undefined ? value.toExponential() : exponential(value, Math.max(precision, 1) - 1);
  const exponent = Number(scientific.split('e')[1]);
  const digits = trimZeros(scientific.split('e')[0] ?? '');
  const limit = precision === undefined ? SHORTEST_EXPONENT_LIMIT : Math.max(precision, 1);
  if (exponent < -4 || exponent >= limit) return goExponent(`${digits}e${exponent < 0 ? '' : '+'}${exponent}`);
  const count = digits.replace('.', '').length;
  return trimZeros(fixed(Number(scientific), Math.max(0, count - 1 - exponent)));
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Go writes at least two digits of exponent. */
function goExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function formatText(directive: Directive, value: string): string | undefined {
  const { verb, precision, flags } = directive;
  const text = precision === undefined ? value : Array.from(value).slice(0, precision).join('');
  if (verb === 's' || verb === 'v') return pad(directive, '', text, true);
  if (verb === 'q')
    return pad(directive, '', flags.includes('#') && !text.includes('`') ? `\`${text}\`` : quoteGo(text), true);
  if (verb !== 'x' && verb !== 'X') return undefined;
  const hex = Buffer.from(value).subarray(0, precision).toString('hex');
  const prefix = flags.includes('#') && hex !== '' ? `0${verb}` : '';
  return pad(directive, '', prefix + (verb === 'X' ? hex.toUpperCase() : hex), true);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** A double-quoted Go literal. */
function quoteGo(text: string): string {
  const escaped = Array.from(text).map(
    (character) => ESCAPES[character] ?? (isPrintable(character) ? character : escapeCode(character)),
  );
  return `"${escaped.join('')}"`;
}

function quoteRune(character: string): string {
  if (character === "'") return String.raw`'\''`;
  return character === '"' ? `'"'` : `'${quoteGo(character).slice(1, -1)}'`;
}

function isPrintable(character: string): boolean {
  return character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);
}

function escapeCode(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

function signOf(negative: boolean, flags: string): string {
  if (negative) return '-';
  if (flags.includes('+')) return '+';
  return flags.includes(' ') ? ' ' : '';
}

function pad({ flags, width }: Directive, sign: string, body: string, zeros: boolean): string {
  const missing = width - Array.from(sign).length - Array.from(body).length;
  if (missing <= 0) return sign + body;
  if (flags.includes('-')) return sign + body + ' '.repeat(missing);
  return zeros && flags.includes('0') ? sign + '0'.repeat(missing) + body : ' '.repeat(missing) + sign + body;
}
