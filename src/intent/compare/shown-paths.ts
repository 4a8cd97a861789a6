import { replaceDeceiving } from '../../shared/deceiving-text.ts';
import { formatPath } from '../../shared/problems.ts';
import type { Path } from './breach.ts';

const MAX_PATHS = 100; // more of them nobody reads
const MAX_LENGTH = 500;

/** Paths as they are stored and told: keys in them may come from outside, and there may be any number. */
export function shownPaths(paths: readonly Path[]): string[] {
  const shown = paths.slice(0, MAX_PATHS).map((path) => legible(formatPath(path)));
  return paths.length > MAX_PATHS ? [...shown, '…'] : shown;
}

function legible(text: string): string {
  return replaceDeceiving(text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text, '\ufffd');
}
