import { months, parseLayout, weekdays } from './time-layout.ts';
import { type WallTime, type Zone, wallTime } from './time-zone.ts';

/** Writes an instant in one of Go's layouts. */
export function formatTime(ns: bigint, zone: Zone, layout: string): string {
  const time = wallTime(ns, zone);
  return parseLayout(layout)
    .map(({ literal, piece }) => literal + formatPiece(piece, time, zone))
    .join('');
}

function formatPiece(piece: string, time: WallTime, zone: Zone): string {
  if (piece === '') return '';
  if (/^[.,]/.test(piece)) return formatFraction(piece, time.nanosecond);
  if (/^[Z-]07/.test(piece)) return formatOffset(piece, time.offsetSeconds);
  return formatClock(piece, time.date) ?? formatDate(piece, time.date) ?? formatZoneName(zone);
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function formatClock(piece: string, date: Date): string | undefined {
  const hour = date.getUTCHours();
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const pieces: Readonly<Record<string, string>> = {
    '15': two(hour),
    '3': String(twelve),
    '03': two(twelve),
    '4': String(date.getUTCMinutes()),
    '04': two(date.getUTCMinutes()),
    '5': String(date.getUTCSeconds()),
    '05': two(date.getUTCSeconds()),
    PM: hour < 12 ? 'AM' : 'PM',
    pm: hour < 12 ? 'am' : 'pm',
  };
  return pieces[piece];
}

function formatDate(piece: string, date: Date): string | undefined {
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const yearDay = (Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000 + 1;
  const [monthName = '', weekday = ''] = [months[month], weekdays[date.getUTCDay()]];
  const pieces: Readonly<Record<string, string>> = {
    '2006': String(year).padStart(4, '0'),
    '06': two(year % 100),
    January: monthName,
    Jan: monthName.slice(0, 3),
    '1': String(month + 1),
    '01': two(month + 1),
    Monday: weekday,
    Mon: weekday.slice(0, 3),
    '2': String(day),
    '02': two(day),
    _2: String(day).padStart(2),
    '002': String(yearDay).padStart(3, '0'),
    __2: String(yearDay).padStart(3),
  };
  return pieces[piece];
}

function formatFraction(piece: string, nanosecond: number): string {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, piece.length - 1);
  if (piece[1] === '0') return piece[0] + digits.padEnd(piece.length - 1, '0');
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : `${piece[0]}${trimmed}`;
}

function formatOffset(piece: string, offsetSeconds: number): string {
  if (piece.startsWith('Z') && offsetSeconds === 0) return 'Z';
  const size = Math.abs(offsetSeconds);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map(two);
  const shown = piece.replaceAll(/[Z:-]/g, '').length / 2;
  return (offsetSeconds < 0 ? '-' : '+') + parts.slice(0, shown).join(piece.includes(':') ? ':' : '');
}

/** Short names of zones are in the system's database only, and differ between machines. */
function formatZoneName(zone: Zone): string {
  if (zone.name === '') return 'UTC';
  throw new Error('time.format: MST is supported for UTC only; use -0700');
}
