import { AppError } from '../../shared/errors.ts';

const REFERENCE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

// Linux gives a program no single variable above 128 KiB; all of them together are a small part of what it allows.
const MAX_VARIABLE_BYTES = 100 * 1024;
const MAX_ENVIRONMENT_BYTES = 512 * 1024;

/**
 * Puts the values of other variables where `${OTHER}` stands. A name that is not set stays as it is written.
 *
 * @throws CONFLICT for a variable that needs itself, LIMIT_EXCEEDED for values that grow too large
 */
export function expandVariables(variables: ReadonlyMap<string, string>): Map<string, string> {
  const expanded = new Map<string, string>();
  const open: string[] = [];
  const valueOf = (name: string): string => {
    const known = expanded.get(name);
    if (known !== undefined) return known;
    if (open.includes(name)) throw needsItself([...open.slice(open.indexOf(name)), name]);
    open.push(name);
    const value = expand(name, variables, valueOf);
    open.pop();
    expanded.set(name, value);
    return value;
  };
  for (const name of variables.keys()) valueOf(name);
  requireSmall(expanded);
  return expanded;
}

function expand(name: string, variables: ReadonlyMap<string, string>, valueOf: (name: string) => string): string {
  const raw = variables.get(name) ?? '';
  let length = raw.length;
  return raw.replace(REFERENCE, (written, other: string) => {
    if (!variables.has(other)) return written;
    const value = valueOf(other);
    length += value.length;
    if (length > MAX_VARIABLE_BYTES) throw tooLarge(`the variable ${name}`, MAX_VARIABLE_BYTES);
    return value;
  });
}

function requireSmall(variables: ReadonlyMap<string, string>): void {
  let total = 0;
  for (const [name, value] of variables) {
    const bytes = Buffer.byteLength(value);
    if (bytes > MAX_VARIABLE_BYTES) throw tooLarge(`the variable ${name}`, MAX_VARIABLE_BYTES);
    total += name.length + bytes;
  }
  if (total > MAX_ENVIRONMENT_BYTES) throw tooLarge('the environment', MAX_ENVIRONMENT_BYTES);
}

function needsItself(circle: readonly string[]): AppError {
  const names = circle.join(' -> ');
  return new AppError(
    'CONFLICT',
    `config.value: a variable may not need itself, and here ${names}; write one of them out`,
  );
}

function tooLarge(what: string, maxBytes: number): AppError {
  return new AppError(
    'LIMIT_EXCEEDED',
    `config.value: ${what} would be larger than ${maxBytes / 1024} KiB; mount a file instead`,
  );
}
