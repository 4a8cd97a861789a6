import { type Mask, maskOf } from '../../executor/index.ts';
import { CtyNumber, isValueList, isValueMap, type Value } from '../../providers/index.ts';
import { bare } from '../merge/parts.ts';

/**
 * Takes secret values out of text that a provider wrote: a diagnostic may quote what it complains about.
 *
 * @param secrets values that the schema calls sensitive
 */
export function maskSecrets(secrets: readonly Value[]): Mask {
  return maskOf(secrets.flatMap(secretTexts)) ?? ((text) => text);
}

/** What of a value could show in a text. */
export function secretTexts(value: Value): string[] {
  const plain = bare(value);
  if (typeof plain === 'string') return [plain];
  if (plain instanceof CtyNumber) return [plain.toString()];
  if (isValueList(plain)) return plain.flatMap(secretTexts);
  return isValueMap(plain) ? [...plain.values()].flatMap(secretTexts) : [];
}
