import { CtyNumber, isValueList, isValueMap, type Value } from '../../providers/index.ts';
import { bare } from '../merge/parts.ts';

// Shorter ones occur by chance in any text, and masking them would say where.
const MIN_SECRET_LENGTH = 4;
const MASK = '(sensitive)';

/**
 * Takes secret values out of text that a provider wrote: a diagnostic may quote what it complains about.
 *
 * @param secrets values that the schema calls sensitive
 */
export function maskSecrets(text: string, secrets: readonly Value[]): string {
  const longestFirst = secrets.flatMap(textsIn).toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

function textsIn(value: Value): string[] {
  const plain = bare(value);
  if (typeof plain === 'string') return spellings(plain).filter((text) => text.length >= MIN_SECRET_LENGTH);
  if (plain instanceof CtyNumber) return [plain.toString()].filter((text) => text.length >= MIN_SECRET_LENGTH);
  if (isValueList(plain)) return plain.flatMap(textsIn);
  return isValueMap(plain) ? [...plain.values()].flatMap(textsIn) : [];
}

/** As it is, as a quoted string would show it, and without the space around it. */
function spellings(secret: string): string[] {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1), secret.trim()])];
}
