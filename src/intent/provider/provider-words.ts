import { replaceDeceiving } from '../../shared/deceiving-text.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import { formatPath, type Problem, listItem } from '../../shared/problems.ts';
import type { Value } from '../../providers/index.ts';
import { maskSecrets } from '../plan/mask-secrets.ts';
import { type LoadedType, providerName } from './loaded-type.ts';

const MAX_PROBLEMS = 50; // a provider may send any number; more than this nobody reads
const MAX_TEXT_LENGTH = 2_000;
const MAX_STEP_LENGTH = 100; // of a path; keys of a map can be of any length

/**
 * What a provider said, fit to be stored and shown: without secret values, without characters that play tricks, cut to a
 * length that can be read.
 *
 * @param secrets sensitive values of this operation
 */
export function tidyProblems(problems: readonly Problem[], secrets: readonly Value[]): Problem[] {
  if (problems.length === 0) return [];
  const mask = maskSecrets(secrets);
  const tidy = (text: string, maxLength = MAX_TEXT_LENGTH): string => {
    const plain = replaceDeceiving(mask(text), '\ufffd', 'lines');
    return plain.length > maxLength ? `${plain.slice(0, maxLength)}…` : plain;
  };
  const kept = problems.slice(0, MAX_PROBLEMS).map((problem) => ({
    ...problem,
    summary: tidy(problem.summary),
    detail: tidy(problem.detail),
    path: problem.path.map((step) => (typeof step === 'string' ? tidy(step, MAX_STEP_LENGTH) : step)),
  }));
  return problems.length > MAX_PROBLEMS ? [...kept, leftOut(problems.length - MAX_PROBLEMS)] : kept;
}

function leftOut(count: number): Problem {
  return { severity: 'warning', summary: `${count} more were left out`, detail: '', path: [] };
}

/** An error that carries problems in its details, so that the operation's history can keep them. */
export class ProviderError extends AppError {
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, problems: readonly Problem[]) {
    const listed = problems.map((problem) => ({ ...problem, path: formatPath(problem.path) }));
    super(code, message, { details: { problems: listed } });
    this.problems = problems;
  }
}

/** The provider does not want what the user asked for. */
export function refusal(loaded: LoadedType, what: string, problems: readonly Problem[]): ProviderError {
  const lines = problems.filter(({ severity }) => severity === 'error').map((problem) => listItem(describe(problem)));
  return new ProviderError(
    'PROVIDER_REFUSED',
    [`${providerName(loaded)} refused ${what}:`, ...lines].join('\n'),
    problems,
  );
}

/** The provider answered something that the protocol forbids. */
export function contractBroken(loaded: LoadedType, when: string, broken: readonly Problem[]): ProviderError {
  const problems = tidyProblems(broken, []); // keys in their paths may come from outside
  const lines = problems.filter(({ severity }) => severity === 'error').map((problem) => listItem(describe(problem)));
  const lead = `${providerName(loaded)} broke the protocol in ${when}; this is a mistake of the provider:`;
  return new ProviderError('PROVIDER_FAILED', [lead, ...lines].join('\n'), problems);
}

function describe({ path, summary, detail }: Problem): string {
  const where = path.length > 0 ? `${formatPath(path)}: ` : '';
  return `${where}${summary}${detail === '' ? '' : `: ${detail}`}`;
}
