/** One of many things wrong with an input or with a provider's answer. Collected and returned, not thrown. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly summary: string;
  readonly detail: string;
  /** Attribute steps: names, list indexes, map keys. Empty when the whole object is meant. */
  readonly path: readonly (string | number)[];
}

/** `network[0].cidr` */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

export function errorsOf(problems: readonly Problem[]): Problem[] {
  return problems.filter((problem) => problem.severity === 'error');
}

/** One line a problem: `length: must be positive - detail`. */
export function formatProblem(problem: Problem): string {
  const where = problem.path.length > 0 ? `${formatPath(problem.path)}: ` : '';
  return problem.detail === '' ? `${where}${problem.summary}` : `${where}${problem.summary}: ${problem.detail}`;
}

/** An entry of a list in a message. Foreign text of several lines stays inside it: no line of it can pass for one of ours. */
export function listItem(text: string): string {
  return `- ${text.replaceAll('\n', '\n  ')}`;
}
