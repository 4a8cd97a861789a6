import { AppError } from '../shared/errors.ts';

const MIN_LENGTH = 4; // shorter ones occur by chance in any text, and masking them would say where
const MASK = '(sensitive)';
const CUT = '…';

/** Takes secrets out of what a provider says: the problems of an answer, and the error when the call fails. */
export async function withoutSecrets(secrets: readonly string[], call: () => Promise<unknown>): Promise<unknown> {
  const mask = maskOf(secrets);
  if (mask === undefined) return call();
  try {
    return maskProblems(await call(), mask);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const details: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(error.details)) details[name] = maskAny(value, mask);
    throw new AppError(error.code, mask(error.message), { details, cause: error.cause });
  }
}

type Mask = (text: string) => string;

function maskOf(secrets: readonly string[]): Mask | undefined {
  const spellings = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), secret.trim()]);
  const known = [...new Set(spellings)].filter((text) => text.length >= MIN_LENGTH);
  if (known.length === 0) return undefined;
  const longestFirst = known.toSorted((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, secret) => maskCut(masked.replaceAll(secret, MASK), secret), text);
}

/** A long line was cut before it came here, and perhaps in the middle of a secret. */
function maskCut(text: string, secret: string): string {
  const at = text.indexOf(CUT);
  const before = text.slice(0, Math.max(at, 0));
  for (let length = Math.min(secret.length - 1, before.length); length >= MIN_LENGTH; length -= 1) {
    if (before.endsWith(secret.slice(0, length))) return before.slice(0, -length) + MASK + text.slice(at);
  }
  return text;
}

/** States are not text: what is secret in them is for the schema to say. */
function maskProblems(answer: unknown, mask: Mask): unknown {
  if (typeof answer !== 'object' || answer === null || !('problems' in answer)) return answer;
  return { ...answer, problems: maskAny(answer.problems, mask) };
}

function maskAny(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((each) => maskAny(each, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskAny(each, mask)]));
}
