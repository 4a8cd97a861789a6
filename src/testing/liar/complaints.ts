import type { Spelling } from './script.ts';

const MAX_LENGTH = 1_500;

/** What a careless or malicious provider says of what it knows: one text each. */
export function complaints(known: readonly string[], spelling: Spelling = 'plain'): string[] {
  return known.filter((each) => each.length > 3).map((each) => spell(each, spelling).slice(0, MAX_LENGTH));
}

function spell(secret: string, spelling: Spelling): string {
  switch (spelling) {
    case 'plain':
      return secret;
    case 'json':
      return JSON.stringify({ secret });
    case 'url':
      return `https://user:${encodeURIComponent(secret)}@example.com/`;
    case 'base64':
      return Buffer.from(secret).toString('base64');
    case 'basic':
      return `Authorization: Basic ${Buffer.from(`user:${secret}`).toString('base64')}`;
    case 'hex':
      return Buffer.from(secret).toString('hex');
    case 'lines':
      return secret.split('\n').join('\n  | ');
    case 'cut':
      return `${'x'.repeat(280)} ${secret}`;
  }
}
