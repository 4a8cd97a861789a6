import { replaceDeceiving } from '../shared/deceiving-text.ts';

const MIN_LENGTH = 4; // shorter ones occur by chance in any text, and masking them would say where
const MIN_CODED_LENGTH = 8; // so do short ones in hexadecimal and base64
const MIN_LINE_LENGTH = 8;
const MASK = '(sensitive)';
const CUT = '…';

export type Mask = (text: string) => string;

/**
 * Takes secrets out of text, however they are spelt there: as they are, as a quoted string, an address, a header or a
 * dump would show them, line by line, and cut off before the sign that says so.
 *
 * @returns undefined when there is nothing to take out
 */
export function maskOf(secrets: readonly string[]): Mask | undefined {
  const known = new Set(secrets.flatMap(spellingsOf));
  if (known.size === 0) return undefined;
  const longestFirst = [...known].toSorted((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, secret) => maskCut(masked.replaceAll(secret, MASK), secret), text);
}

function spellingsOf(secret: string): string[] {
  const lines = secret.split('\n').map((line) => line.trim());
  const parts = [
    secret,
    secret.trim(),
    ...(lines.length > 1 ? lines.filter((line) => line.length >= MIN_LINE_LENGTH) : []),
  ];
  return [...new Set(parts)].filter((part) => part.length >= MIN_LENGTH).flatMap(spellPart);
}

function spellPart(part: string): string[] {
  const bytes = Buffer.from(part);
  const json = JSON.stringify(part).slice(1, -1);
  const hex = bytes.toString('hex');
  const escaped = encodeURIComponent(part);
  const strict = escaped.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const coded = bytes.length < MIN_CODED_LENGTH ? [] : [hex, hex.toUpperCase(), ...base64Of(bytes)];
  const quoted = [json, json.replaceAll(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`)];
  const shown = [part, ...quoted].map((text) => replaceDeceiving(text, '\ufffd'));
  return [part, ...quoted, ...shown, escaped, strict, strict.replaceAll('%20', '+'), ...coded];
}

/** Base64 of a text depends on what is before it in the same code: three ways, without what neighbours have a share in. */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const code = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const own = code.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

/** A long text was cut before it came here, and perhaps in the middle of a secret. */
function maskCut(text: string, secret: string): string {
  const at = text.indexOf(CUT);
  const before = text.slice(0, Math.max(at, 0));
  for (let length = Math.min(secret.length - 1, before.length); length >= MIN_LENGTH; length -= 1) {
    if (before.endsWith(secret.slice(0, length))) return before.slice(0, -length) + MASK + text.slice(at);
  }
  return text;
}
