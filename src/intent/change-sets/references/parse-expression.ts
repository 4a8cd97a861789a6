import type { Path } from './parse-templates.ts';

/** What a reference points at: an attribute of a resource, or something inside one. */
export interface Target {
  readonly resourceID: string;
  /** Names and indexes below the resource; at least one. */
  readonly steps: Path;
}

const STEP = /^(?:\.([A-Za-z_][A-Za-z0-9_-]*|\d+)|\[\s*(\d+)\s*\]|\[\s*("(?:[^"\\]|\\.)*")\s*\])/;

/** Every id that an expression may begin with, longest first: an id may have dots itself. */
export function candidateIds(expression: string): string[] {
  const bracket = expression.indexOf('[');
  const head = bracket === -1 ? expression : expression.slice(0, bracket);
  const ends = [...head.matchAll(/\./g)].map(({ index }) => index);
  const all = (bracket === -1 ? ends : [...ends, bracket]).toReversed();
  return all.map((end) => head.slice(0, end)).filter((id) => id !== '');
}

/**
 * Takes an expression apart: the longest known id that fits, and the way to the attribute.
 *
 * @returns what is wrong as text when it is no reference to a known resource
 */
export function parseExpression(expression: string, isKnown: (id: string) => boolean): Target | string {
  const ids = candidateIds(expression);
  if (ids.length === 0) return 'must be a resource and an attribute, such as ${network.id}';
  for (const resourceID of ids.filter(isKnown)) {
    const steps = parseSteps(expression.slice(resourceID.length));
    if (steps !== undefined) return { resourceID, steps };
  }
  const first = ids.find(isKnown);
  if (first !== undefined) return `is not a way to an attribute: use .name, [0] or ["key"] after ${first}`;
  return `names no resource of this change set or of the project (${ids.at(-1)})`;
}

function parseSteps(text: string): Path | undefined {
  const steps: (string | number)[] = [];
  let rest = text;
  while (rest !== '') {
    const match = STEP.exec(rest);
    if (match === null) return undefined;
    const [whole, name, index, quoted] = match;
    steps.push(name ?? (index === undefined ? unquote(quoted ?? '""') : Number(index)));
    rest = rest.slice(whole.length);
  }
  return steps.map((step) => (typeof step === 'string' && /^\d+$/.test(step) ? Number(step) : step));
}

function unquote(quoted: string): string {
  return quoted.slice(1, -1).replace(/\\(.)/gs, '$1');
}
