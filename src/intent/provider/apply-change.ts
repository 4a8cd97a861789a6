import type { CallOptions, Executor } from '../../executor/index.ts';
import { errorsOf, type Problem } from '../../shared/problems.ts';
import { AppError } from '../../shared/errors.ts';
import { equalValues, type Value } from '../../providers/index.ts';
import { breach } from '../compare/breach.ts';
import { checkApplied } from '../compare/check-applied.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { identityFrom } from './identity.ts';
import { decodeFor, encodeFor, type LoadedType, sessionWith } from './loaded-type.ts';
import { type KnownObject, nothing, secretsOf } from './plan-change.ts';
import { contractBroken, type ProviderError, refusal, tidyProblems } from './provider-words.ts';

/** One call that acts. */
export interface ApplyCall {
  readonly prior: KnownObject;
  readonly config: Value;
  readonly planned: Value;
  readonly plannedPrivate: Uint8Array;
  readonly plannedIdentity?: Uint8Array | undefined;
  readonly call: CallOptions;
}

/** What is left after a call that acted: always the object as far as it is known, and the error if there was one. */
export interface Applied {
  /** Null value: there is no object. */
  readonly object: KnownObject;
  /** The object is new and its creation did not go through: it cannot be trusted. */
  readonly tainted: boolean;
  readonly problems: readonly Problem[];
  readonly failure: ProviderError | undefined;
  /** What a provider on the old SDK made against its own plan; for the log. */
  readonly tolerated: readonly Problem[];
}

/**
 * Has the provider act, and keeps whatever it answers: a partial result is a result.
 *
 * @throws AppError PROVIDER_FAILED with `details.mayHaveActed` when no answer came, ProviderError PROVIDER_FAILED when the
 *   answer has no object where there must be one, or that of another id: nobody knows what was done then
 */
export async function applyChange(executor: Executor, loaded: LoadedType, change: ApplyCall): Promise<Applied> {
  const given = [change.prior.value, change.planned, change.config];
  const answer = await executor.apply(
    await sessionWith(loaded, given),
    {
      type: loaded.type,
      prior: encodeFor(loaded, change.prior.value),
      planned: encodeFor(loaded, change.planned),
      config: encodeFor(loaded, change.config),
      plannedPrivate: change.plannedPrivate,
      plannedIdentity: change.plannedIdentity,
    },
    change.call,
  );
  const state = answer.state === undefined ? null : decodeFor(loaded, answer.state);
  const said = tidyProblems(answer.problems, secretsOf(loaded, [...given, state]));
  const failed = errorsOf(said).length > 0;
  const { identity, unfit } = answeredIdentity(loaded, answer.identity, change.prior.identity);
  const answered = { value: nullUnknowns(state), private: answer.private, identity };
  if (failed) return afterError(loaded, change, state === null ? undefined : answered, said);
  const differences = checkApplied(loaded.schema.block, change.planned, state, answer.legacyTypeSystem);
  const breaches = [...differences, ...unfit];
  const broken = errorsOf(breaches);
  const failure = broken.length > 0 ? contractBroken(loaded, `the change of ${loaded.type}`, broken) : undefined;
  if (failure !== undefined && (state === null || isAnother(change, broken))) throw failure;
  return {
    object: state === null ? nothing : answered,
    tainted: failure !== undefined && change.prior.value === null && state !== null,
    problems: [...said, ...(failure?.problems ?? [])],
    failure,
    tolerated: breaches.filter(({ severity }) => severity === 'warning'),
  };
}

/** One that nobody can read is dropped, and told of: the object is there all the same. */
function answeredIdentity(loaded: LoadedType, answered: Uint8Array | undefined, before: Uint8Array | undefined) {
  try {
    return { identity: identityFrom(loaded, answered) ?? before, unfit: [] };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { identity: before, unfit: [breach([], 'returned an identity that does not fit its schema')] };
  }
}

/** A change in place never gives an object another id: to record that one would be to forget the one there is. */
function isAnother({ prior }: ApplyCall, broken: readonly Problem[]): boolean {
  return prior.value !== null && broken.some(({ path }) => path.length === 1 && path[0] === 'id');
}

/** With an error and no object a creation left nothing, and anything else is taken to be as it was. */
function afterError(
  loaded: LoadedType,
  change: ApplyCall,
  answered: KnownObject | undefined,
  said: readonly Problem[],
): Applied {
  const base = { problems: said, failure: refusal(loaded, doing(loaded, change), said), tolerated: [] };
  if (answered === undefined) return { ...base, object: change.prior, tainted: false };
  const isNew = change.prior.value === null;
  const unchanged = !isNew && equalValues(answered.value, change.prior.value);
  const kept = unchanged ? change.prior : answered;
  return { ...base, object: kept, tainted: isNew };
}

function doing({ type }: LoadedType, { prior, planned }: ApplyCall): string {
  if (planned === null) return `to destroy ${type}`;
  return prior.value === null ? `to create ${type}` : `to change ${type}`;
}
