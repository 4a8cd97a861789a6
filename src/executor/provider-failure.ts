import { replaceDeceiving } from '../shared/deceiving-text.ts';
import { AppError } from '../shared/errors.ts';
import { formatProblem, type Problem } from '../shared/problems.ts';
import type { ProviderBinary } from '../providers/index.ts';

const MAX_WORDS_LENGTH = 300;
const MAX_LISTED = 10;

/** `provider hashicorp/time 0.14.2` */
export function nameProvider(binary: ProviderBinary): string {
  return `provider ${binary.address} ${binary.version}`;
}

/**
 * The error for a provider that crashed, hung or talked nonsense.
 *
 * @param happened what it did, after its name: `exited with code 2 during apply`
 * @param mayHaveActed whether it was applying a change at the time
 */
export function providerFailed(
  binary: ProviderBinary,
  happened: string,
  options: { mayHaveActed: boolean; lastWords?: string | undefined; cause?: unknown },
): AppError {
  const words = options.lastWords === undefined ? '' : `; its last words were ${fence(options.lastWords)}`;
  const effect = options.mayHaveActed ? '. The change may have been made' : '';
  return new AppError('PROVIDER_FAILED', `${nameProvider(binary)} ${happened}${words}${effect}`, {
    details: { provider: binary.address, version: binary.version, mayHaveActed: options.mayHaveActed },
    cause: options.cause,
  });
}

/** The first errors of an answer, for a message of one line. */
export function listErrors(errors: readonly Problem[]): string {
  const more = errors.length > MAX_LISTED ? `; and ${errors.length - MAX_LISTED} more` : '';
  return (
    errors
      .slice(0, MAX_LISTED)
      .map((error) => replaceDeceiving(formatProblem(error), '\ufffd'))
      .join('; ') + more
  );
}

/** Foreign text inside a message of ours: quoted, escaped, on one line, cut. */
export function fence(text: string): string {
  const cut = text.length > MAX_WORDS_LENGTH ? `${text.slice(0, MAX_WORDS_LENGTH)}…` : text;
  // JSON leaves the direction marks and the C1 controls alone; a terminal does not
  return replaceDeceiving(JSON.stringify(cut), '\ufffd');
}
