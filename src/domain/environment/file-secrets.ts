import { isJsonObject } from '../../shared/json.ts';

const MAX_BYTES = 100 * 1024; // credentials are small; what is larger is data that no provider quotes
const MIN_PART_LENGTH = 16; // shorter parts are names and words as often as secrets
const MAX_PARTS = 1_000;

/**
 * What of a secret file a provider could quote: all of it, a line, what a line gives a name to, a text in it where it is
 * JSON.
 */
export function fileSecrets(content: Uint8Array): string[] {
  if (content.length > MAX_BYTES) return [];
  const text = Buffer.from(content).toString().trim();
  if (text === '') return [];
  const lines = text.split('\n');
  const parts = lines.length === 1 ? textsOfJson(text) : [...lines.flatMap(partsOfLine), ...textsOfJson(text)];
  return [text, ...new Set(parts.filter((part) => part.length >= MIN_PART_LENGTH))].slice(0, MAX_PARTS);
}

/** `key = value`, `key: value` and the like. */
function partsOfLine(line: string): string[] {
  const named = /^[^=:]{1,100}[=:](.*)$/.exec(line)?.[1] ?? '';
  return [line.trim(), named.trim().replaceAll(/^["']|["'],?$/g, '')];
}

function textsOfJson(text: string): string[] {
  try {
    return textsIn(JSON.parse(text));
  } catch {
    return [];
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value, ...value.split('\n')];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  return isJsonObject(value) ? Object.values(value).flatMap(textsIn) : [];
}
