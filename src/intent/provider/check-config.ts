import type { Executor } from '../../executor/index.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { errorsOf, formatPath, formatProblem, type Problem, listItem } from '../../shared/problems.ts';
import { conform, type Value } from '../../providers/index.ts';
import { secretsIn } from '../plan/redact.ts';
import { encodeFor, type LoadedType, sessionWith } from './loaded-type.ts';
import { refusal, tidyProblems } from './provider-words.ts';

export interface CheckedConfig {
  readonly value: Value;
  readonly warnings: readonly Problem[];
}

/**
 * Holds a configuration to the schema and then to the provider's own checks.
 *
 * @throws AppError BAD_INPUT when it does not fit the schema, PROVIDER_REFUSED when the provider does not want it; each
 *   problem has a line of its own that begins with the attribute's path
 */
export async function checkConfig(
  executor: Executor,
  loaded: LoadedType,
  json: Json,
  kind: 'resource' | 'data source',
): Promise<CheckedConfig> {
  const { value, warnings: problems } = checkForm(loaded, json);
  const request = { type: loaded.type, config: encodeFor(loaded, value) };
  const session = await sessionWith(loaded, [value]);
  const answer =
    kind === 'resource'
      ? await executor.validateResource(session, request)
      : await executor.validateDataSource(session, request);
  const said = tidyProblems(answer.problems, secretsIn(loaded.schema.block, value));
  if (errorsOf(said).length > 0) throw refusal(loaded, `the configuration of ${loaded.type}`, said);
  return { value, warnings: [...problems, ...said] };
}

/** Holds a configuration to the schema only. @throws AppError BAD_INPUT */
export function checkForm(loaded: LoadedType, json: Json): CheckedConfig {
  if (!isJsonObject(json)) throw new AppError('BAD_INPUT', 'config: must be an object of arguments');
  const { value, problems } = conform(json, loaded.schema.block);
  const misfits = errorsOf(problems);
  if (misfits.length > 0) throw misfit(loaded, misfits);
  return { value, warnings: problems };
}

function misfit({ type }: LoadedType, problems: readonly Problem[]): AppError {
  const lines = problems.map((problem) => listItem(`config.${formatProblem(problem)}`));
  const details = problems.map(({ path, summary, detail }) => ({ path: formatPath(path), summary, detail }));
  return new AppError('BAD_INPUT', [`config does not fit ${type}:`, ...lines].join('\n'), {
    details: { field: 'config', problems: details },
  });
}
