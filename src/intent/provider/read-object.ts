import type { CallOptions, Executor } from '../../executor/index.ts';
import { AppError } from '../../shared/errors.ts';
import { errorsOf, type Problem } from '../../shared/problems.ts';
import type { Value } from '../../providers/index.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { decodeFor, encodeFor, type LoadedType, providerName, sessionWith } from './loaded-type.ts';
import { type KnownObject, secretsOf } from './plan-change.ts';
import { refusal, tidyProblems } from './provider-words.ts';

export interface ReadResult {
  /** Null value: the provider no longer finds it. */
  readonly object: KnownObject;
  readonly warnings: readonly Problem[];
}

/** Asks the provider for the object as it is now. */
export async function readObject(
  executor: Executor,
  loaded: LoadedType,
  known: KnownObject,
  call: CallOptions,
): Promise<ReadResult> {
  const request = { type: loaded.type, state: encodeFor(loaded, known.value), private: known.private };
  const answer = await executor.read(sessionWith(loaded, [known.value]), request, call);
  const value = decodeFor(loaded, answer.state);
  const said = tidyProblems(answer.problems, secretsOf(loaded, [known.value, value]));
  if (errorsOf(said).length > 0) throw refusal(loaded, `to read ${loaded.type}`, said);
  return { object: { value: nullUnknowns(value), private: answer.private }, warnings: said };
}

/**
 * Finds an existing object by the id that its provider knows it by, and reads it.
 *
 * @throws PROVIDER_REFUSED when there is no such object, or when the provider answers with several
 */
export async function importObject(
  executor: Executor,
  loaded: LoadedType,
  id: string,
  call: CallOptions,
): Promise<ReadResult> {
  const answer = await executor.importResource(loaded.session, { type: loaded.type, id }, call);
  const said = tidyProblems(answer.problems, []);
  if (errorsOf(said).length > 0) throw refusal(loaded, `to import ${loaded.type}`, said);
  const [only, ...more] = answer.imported.filter(({ type }) => type === loaded.type);
  if (only === undefined || more.length > 0) throw notOne(loaded, id, answer.imported.length);
  const imported = { value: decodeFor(loaded, only.state), private: only.private };
  const read = await readObject(executor, loaded, imported, call);
  if (read.object.value === null) throw notOne(loaded, id, 0);
  return { object: read.object, warnings: [...said, ...read.warnings] };
}

function notOne(loaded: LoadedType, id: string, count: number): AppError {
  const shown = JSON.stringify(id);
  const text =
    count === 0
      ? `${providerName(loaded)} has no ${loaded.type} with the id ${shown}; check importID`
      : `${providerName(loaded)} imports ${count} objects for ${shown}, and only one ${loaded.type} can be taken`;
  return new AppError('PROVIDER_REFUSED', text);
}

/** Reads a data source. */
export async function readDataSource(
  executor: Executor,
  loaded: LoadedType,
  config: Value,
  call: CallOptions,
): Promise<Value> {
  const request = { type: loaded.type, config: encodeFor(loaded, config) };
  const answer = await executor.readDataSource(sessionWith(loaded, [config]), request, call);
  const said = tidyProblems(answer.problems, secretsOf(loaded, [config]));
  if (errorsOf(said).length > 0) throw refusal(loaded, `to read ${loaded.type}`, said);
  return nullUnknowns(decodeFor(loaded, answer.state));
}
