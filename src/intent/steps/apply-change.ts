import { AppError } from '../../shared/errors.ts';
import type { ResourceCondition } from '../../storage/resources.ts';
import { moveOperation } from '../journal/move-operation.ts';
import { type Applied, applyChange as callProvider, type ApplyCall } from '../provider/apply-change.ts';
import { forChanges } from '../provider/in-project.ts';
import { type KnownObject, nothing } from '../provider/plan-change.ts';
import { fact, type Run } from '../run.ts';
import { changedPaths } from '../compare/changed-paths.ts';
import { shownPaths } from '../compare/shown-paths.ts';
import { driftSince } from './drift.ts';
import { logTolerated } from './log-tolerated.ts';
import { recordDestroyed } from './record-outcome.ts';
import { callOf } from './plan-change.ts';

/** Has the provider act. That it may have acted is on disk before it does. */
export async function applyChange(run: Run): Promise<void> {
  const { planned } = fact(run, 'change');
  if (planned.action === 'no-op') return applyNothing(run);
  run.facts.loaded = await forChanges(run.engine.domain, fact(run, 'loaded'), run.ask.project);
  await moveOperation(run, { to: 'APPLYING', step: 'applyChange', durable: true });
  requireWanted(run);
  const applied = planned.action === 'replace' ? await replace(run) : await actOnce(run);
  run.problems.push(...applied.problems);
  logTolerated(run, 'result', applied.tolerated);
  run.error = applied.failure;
  run.facts.outcome = {
    object: applied.object,
    condition: conditionOf(run, applied),
    word: words[run.ask.kind],
    message: sentence(run, planned.action),
    failure: applied.failure?.message,
  };
}

/** The caller may have called it off while it was being written down. */
function requireWanted(run: Run): void {
  if (run.engine.running.find(fact(run, 'operation').id)?.cancelRequested !== true) return;
  throw new AppError('CONFLICT', 'called off before the provider was told to act: nothing was changed');
}

async function applyNothing(run: Run): Promise<void> {
  await moveOperation(run, { to: 'APPLYING', step: 'applyNothing' });
  const { planned, prior } = fact(run, 'change').planned;
  const gone = run.ask.kind === 'DELETE';
  run.facts.outcome = {
    object: gone ? nothing : { ...prior, value: planned.value },
    condition: 'OK',
    word: words[run.ask.kind],
    message: gone
      ? `${subject(run)} was gone already; its record is dropped.`
      : `${subject(run)} is as asked for already; nothing was changed.`,
    failure: undefined,
  };
}

/** One call that acts. The journal says by now that it may have been made. */
async function act(run: Run, change: Omit<ApplyCall, 'call'>): Promise<Applied> {
  const { engine } = run;
  await engine.beforeStep('callProvider', fact(run, 'operation').id);
  const call = { ...callOf(run), timeoutMs: engine.limits.applyMs };
  return callProvider(engine.domain.executor, fact(run, 'loaded'), { ...change, call });
}

/** A plan's own prior object is the one that acts are based on: it was read when the plan was made. */
function actOnce(run: Run, prior: KnownObject = fact(run, 'change').planned.prior): Promise<Applied> {
  const { planned, config, destroyPrivate } = fact(run, 'change').planned;
  return act(run, {
    prior,
    config,
    planned: planned.value,
    plannedPrivate: planned.value === null ? destroyPrivate : planned.private,
    plannedIdentity: planned.value === null ? prior.identity : planned.identity,
  });
}

/** Destroys the old object, records that it is gone, and makes the new one. */
async function replace(run: Run): Promise<Applied> {
  const { prior, destroyPrivate } = fact(run, 'change').planned;
  const destroyed = await act(run, {
    prior,
    config: null,
    planned: null,
    plannedPrivate: destroyPrivate,
    plannedIdentity: prior.identity,
  });
  if (destroyed.failure !== undefined) return destroyed;
  run.problems.push(...destroyed.problems);
  await run.engine.beforeStep('recordDestroyed', fact(run, 'operation').id);
  await recordDestroyed(run);
  return actOnce(run, nothing);
}

function conditionOf(run: Run, { tainted, object }: Applied): ResourceCondition {
  if (tainted) return 'TAINTED';
  if (object.value === null) return 'GONE';
  // A failed change of something that was not trusted before does not make it trusted.
  const before = run.facts.resource?.condition;
  return run.error !== undefined && before === 'TAINTED' ? 'TAINTED' : 'OK';
}

/** Records what was found; nothing acts. */
export async function adoptObject(run: Run): Promise<void> {
  await moveOperation(run, { to: 'APPLYING', step: 'adoptObject' });
  const { planned } = fact(run, 'change').planned;
  run.facts.outcome = {
    object: planned,
    condition: 'OK',
    word: 'imported',
    message: `${subject(run)} was imported and is managed from now on.`,
    failure: undefined,
  };
}

/** Records what a refresh found, and says how it differs from what was recorded. */
export async function compareWithRecord(run: Run): Promise<void> {
  await moveOperation(run, { to: 'APPLYING', step: 'compareWithRecord' });
  const { planned, prior } = fact(run, 'change').planned;
  const was = fact(run, 'resource').condition;
  const gone = planned.value === null;
  const paths = gone ? [] : shownPaths(changedPaths(prior.value, planned.value));
  const drifted = paths.length > 0 && prior.value !== null;
  const drift = gone ? undefined : driftSince(run, planned.value);
  run.facts.outcome = {
    object: gone ? prior : planned,
    condition: gone ? 'GONE' : was === 'TAINTED' ? 'TAINTED' : 'OK',
    drift,
    word: gone || drifted ? 'warning' : 'refreshed',
    message: gone
      ? `${subject(run)} is gone: the provider no longer finds it. Update it to make it anew, or delete it to drop its record.`
      : drifted
        ? `${subject(run)} has drifted: ${paths.join(', ')} changed outside. The record now shows what is there.`
        : drift === undefined
          ? `${subject(run)} is as recorded.`
          : `${subject(run)} is as it was found before: ${drift.paths.join(', ')} changed outside since the last change made here.`,
    failure: undefined,
  };
}

/** Drops the record. */
export async function forgetObject(run: Run): Promise<void> {
  await moveOperation(run, { to: 'APPLYING', step: 'forgetObject' });
  run.facts.outcome = {
    object: nothing,
    condition: 'GONE',
    word: 'ejected',
    message: `${subject(run)} is no longer managed here. Nothing was destroyed.`,
    failure: undefined,
  };
}

const words = {
  CREATE: 'created', UPDATE: 'updated', DELETE: 'deleted', IMPORT: 'imported', REFRESH: 'refreshed', EJECT: 'ejected',
  READ: 'read',
} as const; // prettier-ignore

function sentence(run: Run, action: string): string {
  if (action === 'replace') return `${subject(run)} was destroyed and made anew.`;
  const back = run.ask.rollbackOf === undefined ? '' : `, back to what operation ${run.ask.rollbackOf} recorded`;
  return `${subject(run)} was ${words[run.ask.kind]}${back}.`;
}

function subject(run: Run): string {
  return `${fact(run, 'operation').type} ${JSON.stringify(run.ask.resourceID)}`;
}
