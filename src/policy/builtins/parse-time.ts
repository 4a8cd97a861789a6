import { undefinedBecause } from './builtin.ts';
import { months, parseLayout, weekdays } from './time-layout.ts';

/** What has been read so far. */
interface Reading {
  rest: string;
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  offsetSeconds: number;
  half: 'AM' | 'PM' | undefined;
}

type Field = 'month' | 'day' | 'hour' | 'minute' | 'second';
interface NumberPiece {
  readonly field: Field;
  readonly digits: RegExp;
  readonly from: number;
  readonly to: number;
}

const LOOSE = /^\d{1,2}/;
const FIXED = /^\d\d/;
const numberPieces: Readonly<Record<string, NumberPiece>> = {
  '1': { field: 'month', digits: LOOSE, from: 1, to: 12 },
  '01': { field: 'month', digits: FIXED, from: 1, to: 12 },
  '2': { field: 'day', digits: LOOSE, from: 0, to: 99 },
  _2: { field: 'day', digits: /^ ?\d{1,2}/, from: 0, to: 99 },
  '02': { field: 'day', digits: FIXED, from: 0, to: 99 },
  '15': { field: 'hour', digits: LOOSE, from: 0, to: 23 },
  '3': { field: 'hour', digits: LOOSE, from: 0, to: 12 },
  '03': { field: 'hour', digits: FIXED, from: 0, to: 12 },
  '4': { field: 'minute', digits: LOOSE, from: 0, to: 59 },
  '04': { field: 'minute', digits: FIXED, from: 0, to: 59 },
  '5': { field: 'second', digits: LOOSE, from: 0, to: 59 },
  '05': { field: 'second', digits: FIXED, from: 0, to: 59 },
};

/** Reads a time in one of Go's layouts. @returns nanoseconds since 1970, of any size */
export function parseTime(layout: string, text: string): bigint {
  const reading: Reading = {
    rest: text,
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    offsetSeconds: 0,
    half: undefined,
  };
  const steps = parseLayout(layout);
  for (const [at, { literal, piece }] of steps.entries()) {
    skipLiteral(reading, literal);
    readPiece(reading, piece);
    if ((piece === '5' || piece === '05') && !/^[.,]/.test(steps[at + 1]?.piece ?? ''))
      readFraction(reading, /^[.,]\d+/);
  }
  if (reading.rest !== '') return undefinedBecause('text is left over');
  return instant(reading);
}

function take(reading: Reading, pattern: RegExp): RegExpExecArray {
  const found = pattern.exec(reading.rest) ?? undefinedBecause('the text does not fit the layout');
  reading.rest = reading.rest.slice(found[0].length);
  return found;
}

/** One space in the layout stands for any number of them. */
function skipLiteral(reading: Reading, literal: string): void {
  for (const part of literal.split(/( +)/)) {
    if (!part.startsWith(' ')) {
      if (!reading.rest.startsWith(part)) undefinedBecause('the text does not fit the layout');
      reading.rest = reading.rest.slice(part.length);
    } else if (reading.rest !== '') take(reading, /^ +/);
  }
}

function readPiece(reading: Reading, piece: string): void {
  const number = Object.hasOwn(numberPieces, piece) ? numberPieces[piece] : undefined;
  if (number !== undefined) return readNumber(reading, number);
  if (/^[.,]0/.test(piece)) return readFraction(reading, new RegExp(`^[.,]\\d{${piece.length - 1}}`), true);
  if (/^[.,]9/.test(piece)) return readFraction(reading, /^[.,]\d+/);
  if (/^[Z-]07/.test(piece)) return readOffset(reading, piece);
  return readWord(reading, piece);
}

function readNumber(reading: Reading, { field, digits, from, to }: NumberPiece): void {
  const value = Number(take(reading, digits)[0]);
  if (value < from || value > to) undefinedBecause(`${field} out of range`);
  reading[field] = value;
}

function readFraction(reading: Reading, pattern: RegExp, needed = false): void {
  if (!needed && !pattern.test(reading.rest)) return;
  const [digits] = take(reading, pattern);
  reading.nanosecond = Number(digits.slice(1, 10).padEnd(9, '0'));
}

function readOffset(reading: Reading, piece: string): void {
  if (piece.startsWith('Z') && reading.rest.startsWith('Z')) return void take(reading, /^Z/);
  const colon = piece.includes(':') ? ':' : '';
  const extra = piece.replaceAll(/[Z:-]/g, '').length / 2 - 1;
  const [, sign, hours, ...more] = take(reading, new RegExp(`^([+-])(\\d\\d)${`${colon}(\\d\\d)`.repeat(extra)}`));
  const [minutes = 0, seconds = 0] = more.map(Number);
  if (Number(hours) > 24 || minutes >= 60 || seconds >= 60) undefinedBecause('zone offset out of range');
  reading.offsetSeconds = (Number(hours) * 3600 + minutes * 60 + seconds) * (sign === '-' ? -1 : 1);
}

function readWord(reading: Reading, piece: string): void {
  switch (piece) {
    case '':
      return;
    case '2006':
      reading.year = Number(take(reading, /^\d{4}/)[0]);
      return;
    case '06': {
      const short = Number(take(reading, FIXED)[0]);
      reading.year = short + (short >= 69 ? 1900 : 2000);
      return;
    }
    case 'PM':
    case 'pm':
      reading.half = take(reading, piece === 'PM' ? /^[AP]M/ : /^[ap]m/)[0].toUpperCase() === 'AM' ? 'AM' : 'PM';
      return;
    case 'January':
    case 'Jan':
      reading.month = takeName(reading, piece === 'Jan' ? months.map((name) => name.slice(0, 3)) : months) + 1;
      return;
    case 'Monday':
    case 'Mon':
      takeName(reading, piece === 'Mon' ? weekdays.map((name) => name.slice(0, 3)) : weekdays);
      return;
    case 'MST':
      return readZoneName(reading);
    default:
      throw new Error(`time.parse_ns: ${piece} in a layout is not supported`);
  }
}

function takeName(reading: Reading, names: readonly string[]): number {
  const found = names.findIndex((name) => reading.rest.slice(0, name.length).toLowerCase() === name.toLowerCase());
  if (found === -1) undefinedBecause('no such name');
  reading.rest = reading.rest.slice(names[found]?.length);
  return found;
}

/** Go reads a zone's abbreviation but, unless it is UTC, does not know its offset and takes 0. */
function readZoneName(reading: Reading): void {
  take(
    reading,
    /^(?:UTC|ChST|MeST|GMT(?:[+-]\d{1,2})?|WITA|[A-Z]{4}T(?![A-Z])|[A-Z]{3}T(?![A-Z])|[A-Z]{3}(?![A-Z])|[+-]\d\d)/,
  );
}

function instant(reading: Reading): bigint {
  const { year, month, day, minute, second, nanosecond, offsetSeconds } = reading;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (day < 1 || date.getUTCDate() !== day) return undefinedBecause('day out of range');
  date.setUTCHours(hourOf(reading), minute, second);
  return BigInt(date.getTime() / 1000 - offsetSeconds) * 1_000_000_000n + BigInt(nanosecond);
}

function hourOf({ hour, half }: Reading): number {
  if (half === 'PM' && hour < 12) return hour + 12;
  return half === 'AM' && hour === 12 ? 0 : hour;
}
