import type { CallOptions, Executor, ProviderSession } from '../../executor/index.ts';
import { awsRegionOf } from '../../domain/cloud/index.ts';
import { AppError } from '../../shared/errors.ts';
import { errorsOf, type Problem } from '../../shared/problems.ts';
import type { ImportAnswer, Value } from '../../providers/index.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { identityFrom, type ImportTarget } from './identity.ts';
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
  const { identity } = known;
  const request = { type: loaded.type, state: encodeFor(loaded, known.value), private: known.private, identity };
  const answer = await executor.read(await sessionWith(loaded, [known.value]), request, call);
  const value = decodeFor(loaded, answer.state);
  const said = tidyProblems(answer.problems, secretsOf(loaded, [known.value, value]));
  if (errorsOf(said).length > 0) throw refusal(loaded, `to read ${loaded.type}`, said);
  const object = {
    value: nullUnknowns(value),
    private: answer.private,
    identity: identityFrom(loaded, answer.identity) ?? identity,
  };
  return { object, warnings: said };
}

/**
 * Finds an existing object by what its provider knows it by, and reads it. What the provider finds of other types beside
 * it is told and left.
 *
 * @throws PROVIDER_REFUSED when there is no such object, or when the provider answers with several
 */
export async function importObject(
  executor: Executor,
  loaded: LoadedType,
  target: ImportTarget,
  call: CallOptions,
): Promise<ReadResult> {
  const { id, identity } = target;
  const session = await sessionWith(loaded, []);
  const answer = await executor.importResource(session, { type: loaded.type, id, identity }, call);
  const said = tidyProblems(answer.problems, []);
  if (errorsOf(said).length > 0) throw refusal(loaded, `to import ${loaded.type}`, said);
  const [only, ...more] = answer.imported.filter(({ type }) => type === loaded.type);
  if (only === undefined || more.length > 0) throw notOne(loaded, session, target, answer.imported.length);
  const imported = { value: decodeFor(loaded, only.state), private: only.private, identity: only.identity };
  const read = await readObject(executor, loaded, imported, call);
  if (read.object.value === null) throw notOne(loaded, session, target, 0);
  return { object: read.object, warnings: [...said, ...read.warnings, ...besides(loaded, answer.imported)] };
}

/** Some providers answer with several objects that belong together: each is a resource of its own. */
function besides({ type }: LoadedType, imported: ImportAnswer['imported']): Problem[] {
  const others = imported.filter((each) => each.type !== type).map((each) => each.type);
  if (others.length === 0) return [];
  const summary = `the provider found ${others.join(', ')} beside it`;
  const detail = 'not imported: import each by itself if you want it';
  return tidyProblems([{ severity: 'warning', summary, detail, path: [] }], []);
}

function notOne(loaded: LoadedType, session: ProviderSession, { shown }: ImportTarget, count: number): AppError {
  const region = awsRegionOf(loaded.binary.address, session.environment);
  const where = region === undefined ? '' : ` in region ${region}`;
  const text =
    count === 0
      ? `${providerName(loaded)} has no ${loaded.type}${where} with ${shown}`
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
  const answer = await executor.readDataSource(await sessionWith(loaded, [config]), request, call);
  const said = tidyProblems(answer.problems, secretsOf(loaded, [config]));
  if (errorsOf(said).length > 0) throw refusal(loaded, `to read ${loaded.type}`, said);
  return nullUnknowns(decodeFor(loaded, answer.state));
}
