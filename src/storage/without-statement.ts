import { DriverException } from '@mikro-orm/core';

/** What the database said when a statement failed: its words and its code, but neither the statement nor its values. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** As the driver gives it: `23505`, `ECONNRESET`. */
  readonly code: string;

  constructor(words: string, code: string) {
    super(code === '' ? words : `${words} (${code})`);
    this.code = code;
  }
}

/**
 * A driver's error, which carries the statement, its values and the row at fault, as one that is fit for a log. Its stack
 * is of this side of the driver, since the driver's begins with the message. Any other error stays what it is.
 */
export function withoutStatement(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const isOfServer = 'severity' in error && /^[0-9A-Z]{5}$/.test(code);
  return isOfServer || error instanceof DriverException
    ? new DatabaseError(ownWords(error.message, code), code)
    : error;
}

const STATEMENT = /^\s*(?:insert into|update (?!or )|delete from|select|with)\b/i;
const NAMES_ONLY = /^(?:23|42)/; // violated constraints and unknown names: what these quote is of the tables

// The driver appends detail and hint, which quote the row, on lines of their own.
function ownWords(message: string, code: string): string {
  const [first = ''] = message.split('\n', 1);
  if (STATEMENT.test(first)) return 'the database refused a statement';
  return NAMES_ONLY.test(code) ? first : first.replace(/".*/, '(value)');
}
