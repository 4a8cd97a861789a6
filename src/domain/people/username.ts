import { badInput } from '../../shared/errors.ts';

const USERNAME = /^[a-z0-9][a-z0-9._@+-]{0,99}$/;

/** The name that somebody signs in by and is shown by, in lower case. @throws BAD_INPUT */
export function parseUsername(text: string): string {
  const username = text.trim().toLowerCase();
  if (USERNAME.test(username)) return username;
  throw badInput('username', 'must be 1 to 100 letters, digits or . _ @ + - and begin with a letter or digit');
}
