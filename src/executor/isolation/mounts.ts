import { readFileSync } from 'node:fs';

/** Something mounted on this machine: where, and with which options. */
export interface Mounted {
  readonly point: string;
  readonly options: ReadonlySet<string>;
}

/** What this process sees mounted, in the order it was done. */
export function readMounted(): Mounted[] {
  return parseMounted(readFileSync('/proc/self/mountinfo', 'utf8'));
}

/** @param text as in `/proc/self/mountinfo`: the fifth and sixth word of a line are the place and its options */
export function parseMounted(text: string): Mounted[] {
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .filter((words) => words.length > 5)
    .map(([, , , , point = '', options = '']) => ({
      point: point.replace(/\\([0-7]{3})/g, (_whole, code: string) => String.fromCharCode(Number.parseInt(code, 8))),
      options: new Set(options.split(',')),
    }));
}

/** The mount that a path lies in. */
export function mountOf(path: string, mounted: readonly Mounted[]): Mounted | undefined {
  const holding = mounted.filter(({ point }) => isInside(path, point));
  return holding.toSorted((a, b) => a.point.length - b.point.length).at(-1);
}

/** Is the path this folder or below it? */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

/** A line of fstab; places with blanks in their names are written as it wants them. */
export function mountLine(source: string, target: string, type: string, options: readonly string[]): string {
  return `${escaped(source)} ${escaped(target)} ${type} ${options.join(',')} 0 0\n`;
}

function escaped(path: string): string {
  return path.replace(/[\s\\#]/g, (sign) => `\\${sign.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
