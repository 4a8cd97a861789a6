// Go writes a time format as the time Mon Jan 2 15:04:05 MST 2006 would look in it. These are its pieces.

export const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
export const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

const PIECES = new RegExp(
  [
    'Jan(?:uary|(?![a-z]))',
    'Mon(?:day|(?![a-z]))',
    'MST',
    '002',
    '0[1-6]',
    '15',
    '1',
    '2006',
    '__2',
    '_2(?!006)',
    '2',
    '3',
    '4',
    '5',
    'PM',
    'pm',
    '-07(?::00:00|0000|:00|00)?',
    'Z07(?::00:00|0000|:00|00)',
    'Z07',
    '[.,](?:0+|9+)(?!\\d)',
  ].join('|'),
  'g',
);

const namedLayouts: Readonly<Record<string, string>> = {
  ANSIC: 'Mon Jan _2 15:04:05 2006',
  UnixDate: 'Mon Jan _2 15:04:05 MST 2006',
  RubyDate: 'Mon Jan 02 15:04:05 -0700 2006',
  RFC822: '02 Jan 06 15:04 MST',
  RFC822Z: '02 Jan 06 15:04 -0700',
  RFC850: 'Monday, 02-Jan-06 15:04:05 MST',
  RFC1123: 'Mon, 02 Jan 2006 15:04:05 MST',
  RFC1123Z: 'Mon, 02 Jan 2006 15:04:05 -0700',
  RFC3339: '2006-01-02T15:04:05Z07:00',
  RFC3339Nano: '2006-01-02T15:04:05.999999999Z07:00',
};

/** Literal text, then a piece; the last piece may be empty. */
export interface LayoutStep {
  readonly literal: string;
  readonly piece: string;
}

/** @param layout a layout, or the name of one of Go's constants */
export function parseLayout(layout: string): LayoutStep[] {
  const text = Object.hasOwn(namedLayouts, layout) ? (namedLayouts[layout] ?? '') : layout;
  const steps: LayoutStep[] = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    steps.push({ literal: text.slice(end, match.index), piece: match[0] });
    end = match.index + match[0].length;
  }
  return [...steps, { literal: text.slice(end), piece: '' }];
}
