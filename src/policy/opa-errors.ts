import { AppError } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { bannedBuiltins, missingBuiltins } from './capabilities.ts';
import { isJsonArray } from './json-array.ts';

/** One complaint of the compiler about a policy's text; line and column count from 1. */
export interface CompileProblem {
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly message: string;
}

const MAX_REPORTED = 20;
const MAX_MESSAGE_CHARACTERS = 500;

/** Reads the errors of `opa parse` or `opa check` (JSON, on either stream), or the prose of `opa build`. */
export function readOpaErrors(stdout: string, stderr: string): CompileProblem[] {
  const structured = readJsonErrors(stdout) ?? readJsonErrors(stderr);
  return structured ?? [readProse(stderr)];
}

/** The error that a policy's author sees: where, what, and what to do about it. */
export function compileError(problems: readonly CompileProblem[]): AppError {
  const errors = problems
    .slice(0, MAX_REPORTED)
    .map((problem) => ({ ...problem, message: explainMessage(problem.message) }));
  const lines = errors.map(({ line, column, message }) =>
    line === undefined ? message : `line ${line}, column ${column ?? 1}: ${message}`,
  );
  return new AppError('BAD_INPUT', `policy body: ${lines.join('; ')}`, { details: { field: 'body', errors } });
}

function readJsonErrors(text: string): CompileProblem[] | undefined {
  const start = text.indexOf('{');
  if (start === -1) return undefined;
  const parsed = tryParse(text.slice(start));
  const errors = isJsonObject(parsed) ? parsed['errors'] : undefined;
  if (!isJsonArray(errors) || errors.length === 0) return undefined;
  return errors.map(readError);
}

function tryParse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json; // JSON.parse gives JSON values and nothing else
  } catch {
    return undefined;
  }
}

function readError(error: Json): CompileProblem {
  const location = isJsonObject(error) && isJsonObject(error['location']) ? error['location'] : {};
  const message = isJsonObject(error) ? error['message'] : undefined;
  return {
    line: positive(location['row']),
    column: positive(location['col']),
    message: clean(typeof message === 'string' ? message : 'the compiler gave no reason'),
  };
}

function positive(value: Json | undefined): number | undefined {
  return typeof value === 'number' && value > 0 ? value : undefined;
}

function readProse(stderr: string): CompileProblem {
  if (stderr.includes('entrypoint "spacelift" does not refer')) {
    return { line: undefined, column: undefined, message: 'the package has no rule; add `allow` or `deny`' };
  }
  return { line: undefined, column: undefined, message: clean(stderr.replace(/^error: /, '')) };
}

function clean(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_MESSAGE_CHARACTERS ? `${line.slice(0, MAX_MESSAGE_CHARACTERS)}…` : line;
}

function explainMessage(message: string): string {
  const name = /^undefined function ([\w.]+)$/.exec(message)?.[1];
  if (name === undefined) return hint(message);
  const reason = Object.hasOwn(bannedBuiltins, name) ? bannedBuiltins[name] : undefined;
  if (reason !== undefined) return `the function ${name} is not allowed in policies: ${reason}`;
  const missing = Object.hasOwn(missingBuiltins, name) ? missingBuiltins[name] : undefined;
  if (missing !== undefined) return `the function ${name} is not there: ${missing}`;
  return `there is no function ${name} here; check the spelling, define it, or use another one`;
}

/** The commonest slips come from mixing the two dialects; the compiler's words do not say what to do. */
function hint(message: string): string {
  if (message.includes('keyword is required'))
    return `${message} (Rego v1; or save the policy with engineType REGO_V0)`;
  return message;
}
