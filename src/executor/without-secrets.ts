import { AppError } from '../shared/errors.ts';
import { type Mask, maskOf } from './mask-text.ts';

/**
 * Takes secrets out of what a provider says: the problems of an answer, and the error when the call fails.
 *
 * @param secrets of this call
 * @param earlier those that the provider was given before: a process that ends may have printed them last
 */
export async function withoutSecrets(
  secrets: readonly string[],
  call: () => Promise<unknown>,
  earlier: () => readonly string[] = () => [],
): Promise<unknown> {
  try {
    return maskProblems(await call(), secrets);
  } catch (error) {
    const mask = error instanceof AppError ? maskOf([...secrets, ...earlier()]) : undefined;
    if (!(error instanceof AppError) || mask === undefined) throw error;
    const details: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(error.details)) details[name] = maskAny(value, mask);
    throw new AppError(error.code, mask(error.message), { details, cause: error.cause });
  }
}

/** States are not text: what is secret in them is for the schema to say. */
function maskProblems(answer: unknown, secrets: readonly string[]): unknown {
  if (typeof answer !== 'object' || answer === null || !('problems' in answer)) return answer;
  if (!Array.isArray(answer.problems) || answer.problems.length === 0) return answer;
  const mask = maskOf(secrets);
  return mask === undefined ? answer : { ...answer, problems: maskAny(answer.problems, mask) };
}

function maskAny(value: unknown, mask: Mask): unknown {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((each) => maskAny(each, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, maskAny(each, mask)]));
}
