import type { CallOptions, Executor, ProviderSession } from '../../executor/index.ts';
import { errorsOf, type Problem } from '../../shared/problems.ts';
import type { Value } from '../../providers/index.ts';
import { lenient } from '../compare/breach.ts';
import { checkPlan } from '../compare/check-plan.ts';
import { proposeNew } from '../merge/propose-new.ts';
import { planAction, type PlanAction } from '../plan/plan-action.ts';
import { secretsIn } from '../plan/redact.ts';
import { replacePaths } from '../plan/replace-paths.ts';
import { identityFrom } from './identity.ts';
import { decodeFor, encodeFor, type LoadedType, sessionWith } from './loaded-type.ts';
import { contractBroken, refusal, tidyProblems } from './provider-words.ts';

/** What a provider knows of an object: its state, and its own notes that go with it. */
export interface KnownObject {
  readonly value: Value;
  readonly private: Uint8Array;
  /** MessagePack of what names it for good, where its type has that. */
  readonly identity?: Uint8Array | undefined;
}

export const nothing: KnownObject = { value: null, private: new Uint8Array() };

/** A change as the provider planned it and as we checked it. */
export interface PlannedChange {
  readonly action: PlanAction;
  readonly prior: KnownObject;
  /** Null where the resource is to be destroyed. */
  readonly config: Value;
  /** Of a replacement: the new object. */
  readonly planned: KnownObject;
  /** Of a replacement: the provider's notes for destroying the old object. */
  readonly destroyPrivate: Uint8Array;
  readonly replacePaths: readonly (readonly (string | number)[])[];
  readonly warnings: readonly Problem[];
  /** What a provider on the old SDK planned against the protocol's contract; for the log. */
  readonly tolerated: readonly Problem[];
}

export interface Wanted {
  readonly prior: KnownObject;
  readonly config: Value;
  readonly tainted: boolean;
  readonly call: CallOptions;
}

interface PlanStep {
  readonly planned: KnownObject;
  readonly requiresReplace: readonly (readonly (string | number)[])[];
  readonly warnings: readonly Problem[];
  readonly tolerated: readonly Problem[];
}

/**
 * Asks the provider what a change would do and checks its answer. A replacement is planned twice, as Terraform does: the
 * first answer says that it must be, the second, asked as for a new object, what the new object will be.
 *
 * @throws ProviderError PROVIDER_REFUSED or PROVIDER_FAILED; AppError PROVIDER_FAILED when the provider is gone
 */
export async function planChange(executor: Executor, loaded: LoadedType, wanted: Wanted): Promise<PlannedChange> {
  if (wanted.config === null) return planDestroy(executor, loaded, wanted);
  const first = await planOnce(executor, loaded, wanted);
  const paths = replacePaths(first.requiresReplace, wanted.prior.value, first.planned.value);
  const action = planAction({
    prior: wanted.prior.value,
    planned: first.planned.value,
    replacePaths: paths,
    tainted: wanted.tainted,
  });
  const base = { action, prior: wanted.prior, config: wanted.config, replacePaths: paths };
  if (action !== 'replace') {
    return { ...base, planned: first.planned, destroyPrivate: new Uint8Array(), ...said(first) };
  }
  const destroy = await planDestroy(executor, loaded, wanted);
  const anew = await planOnce(executor, loaded, { ...wanted, prior: nothing });
  return { ...base, planned: anew.planned, destroyPrivate: destroy.destroyPrivate, ...said(anew) };
}

function said({ warnings, tolerated }: PlanStep): Pick<PlanStep, 'warnings' | 'tolerated'> {
  return { warnings, tolerated };
}

async function planOnce(executor: Executor, loaded: LoadedType, wanted: Wanted): Promise<PlanStep> {
  const { prior, config, call } = wanted;
  const { schema } = loaded;
  const proposed = proposeNew(schema.block, prior.value, config);
  const request = planRequest(loaded, prior, proposed, config);
  const answer = await executor.plan(await sessionWith(loaded, [prior.value, config]), request, call);
  const said = tidyProblems(answer.problems, secretsOf(loaded, [prior.value, config]));
  if (errorsOf(said).length > 0) throw refusal(loaded, `to plan ${loaded.type}`, said);
  const planned = decodeFor(loaded, answer.planned);
  const breaches = checkPlan(schema.block, prior.value, config, planned);
  const judged = answer.legacyTypeSystem ? lenient(breaches) : breaches;
  if (errorsOf(judged).length > 0) throw contractBroken(loaded, `the plan of ${loaded.type}`, judged);
  return {
    planned: { value: planned, private: answer.plannedPrivate, identity: identityFrom(loaded, answer.plannedIdentity) },
    requiresReplace: answer.requiresReplace,
    warnings: said,
    // What the old SDK gets wrong it gets wrong in nearly every plan: telling each time would bury what matters.
    tolerated: judged,
  };
}

async function planDestroy(executor: Executor, loaded: LoadedType, wanted: Wanted): Promise<PlannedChange> {
  const { prior, call } = wanted;
  const base = { action: planAction({ prior: prior.value, planned: null, replacePaths: [], tainted: false }), prior };
  const change = { ...base, config: null, planned: nothing, replacePaths: [], tolerated: [] };
  if (!loaded.planDestroy || prior.value === null) return { ...change, destroyPrivate: prior.private, warnings: [] };
  const answer = await executor.plan(
    await sessionWith(loaded, [prior.value]),
    planRequest(loaded, prior, null, null),
    call,
  );
  const said = tidyProblems(answer.problems, secretsOf(loaded, [prior.value]));
  if (errorsOf(said).length > 0) throw refusal(loaded, `to destroy ${loaded.type}`, said);
  const breaches = checkPlan(loaded.schema.block, prior.value, null, decodeFor(loaded, answer.planned));
  if (breaches.length > 0) throw contractBroken(loaded, `the plan of ${loaded.type}`, breaches);
  return { ...change, destroyPrivate: answer.plannedPrivate, warnings: said };
}

function planRequest(loaded: LoadedType, prior: KnownObject, proposed: Value, config: Value) {
  return {
    type: loaded.type,
    prior: encodeFor(loaded, prior.value),
    proposed: encodeFor(loaded, proposed),
    config: encodeFor(loaded, config),
    priorPrivate: prior.private,
    priorIdentity: prior.identity,
  } satisfies Parameters<Executor['plan']>[1] & { session?: ProviderSession };
}

/** Values that must not appear in text of this operation. */
export function secretsOf(loaded: LoadedType, values: readonly Value[]): Value[] {
  return values.flatMap((value) => secretsIn(loaded.schema.block, value));
}
