// graphql-js quotes a value that does not fit, and it may hold a secret: an argument of the wrong shape, a field beside
// the one that is missing. Answers are kept, in logs of clients and in conversations.
const FOUND = /, found: .*$/s;
const NOT_REPRESENTED = /( cannot represent (?:an? )?(?:[\w -]+ )?value): (?!-?[\d.eE+-]+$|true$|false$|null$).*$/s;

/** Says what is wrong as graphql-js says it, without the value. Numbers and the like stay: they help, and tell nothing. */
export function withoutValues(message: string): string {
  return message.replace(FOUND, '.').replace(NOT_REPRESENTED, '$1');
}
