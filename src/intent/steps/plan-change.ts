import type { CallOptions } from '../../executor/index.ts';
import { equalValues } from '../../providers/index.ts';
import { openObject } from '../journal/object-store.ts';
import { moveOperation, noteStep } from '../journal/move-operation.ts';
import { readPlan } from '../journal/stored.ts';
import { importTarget } from '../provider/identity.ts';
import { planChange as askProvider, type PlannedChange, nothing } from '../provider/plan-change.ts';
import { importObject, readObject, type ReadResult } from '../provider/read-object.ts';
import { begin, fact, type Run } from '../run.ts';
import { describeChange } from '../show/describe-change.ts';
import { logTolerated } from './log-tolerated.ts';

/** Has the provider work out what a new resource will be. */
export async function planCreate(run: Run): Promise<void> {
  await startPlanning(run, 'planCreate');
  keepPlan(run, await (run.begun.plan ?? planNew(run)));
}

/**
 * Has the provider plan a new resource already while the operation is written down. Any other plan begins with a look at
 * the object, which must come after that: until then it may be changed by another operation.
 */
export function beginPlan(run: Run): void {
  if (run.ask.kind === 'CREATE') run.begun.plan = begin(planNew(run));
}

function planNew(run: Run): Promise<PlannedChange> {
  const wanted = { prior: nothing, config: fact(run, 'config'), tainted: false, call: callOf(run) };
  return askProvider(run.engine.domain.executor, fact(run, 'loaded'), wanted);
}

/** Looks at the object as it is now and has the provider work out what would change. */
export async function planUpdate(run: Run): Promise<void> {
  await startPlanning(run, 'planUpdate');
  const prior = (await readNow(run)).object;
  const tainted = fact(run, 'resource').condition === 'TAINTED';
  const wanted = { prior, config: fact(run, 'config'), tainted, call: callOf(run) };
  keepPlan(run, await askProvider(run.engine.domain.executor, fact(run, 'loaded'), wanted));
}

/** Looks at the object as it is now and has the provider say whether it would destroy it. */
export async function planDelete(run: Run): Promise<void> {
  await startPlanning(run, 'planDelete');
  const prior = (await readNow(run)).object;
  const wanted = { prior, config: null, tainted: false, call: callOf(run) };
  keepPlan(run, await askProvider(run.engine.domain.executor, fact(run, 'loaded'), wanted));
}

/** Looks at the object as it is now; the plan says how it differs from what is recorded. */
export async function planRefresh(run: Run): Promise<void> {
  await startPlanning(run, 'planRefresh');
  const { object, warnings } = await readNow(run);
  keepPlan(run, readPlanned(run, { object, warnings }));
}

/** Finds the object that is to be taken under management. */
export async function planImport(run: Run): Promise<void> {
  await startPlanning(run, 'planImport');
  const { executor } = run.engine.domain;
  const loaded = fact(run, 'loaded');
  const target = importTarget(loaded, run.ask.importID, run.ask.importIdentity);
  const found = await importObject(executor, loaded, target, callOf(run));
  run.facts.prior = nothing;
  keepPlan(run, readPlanned(run, found));
}

function readPlanned(run: Run, { object, warnings }: ReadResult): PlannedChange {
  return {
    action: 'read',
    prior: fact(run, 'prior'),
    config: null,
    planned: object,
    destroyPrivate: new Uint8Array(),
    replacePaths: [],
    warnings,
    tolerated: [],
  };
}

/** A new operation is written down as being planned; one that a review let through is moved there now. */
export async function startPlanning(run: Run, step: string): Promise<void> {
  if (fact(run, 'operation').status === 'QUEUED') await moveOperation(run, { to: 'PLANNING', step });
  else noteStep(run, { step });
}

async function readNow(run: Run): Promise<ReadResult> {
  const { executor } = run.engine.domain;
  const loaded = fact(run, 'loaded');
  const known = await openObject(executor, loaded, fact(run, 'resource'), callOf(run));
  run.facts.prior = known;
  if (known.value === null) return { object: nothing, warnings: [] };
  return readObject(executor, loaded, known, callOf(run));
}

function keepPlan(run: Run, planned: PlannedChange): void {
  run.problems.push(...planned.warnings);
  logTolerated(run, 'plan', planned.tolerated);
  const salt = readPlan(fact(run, 'operation').plan)?.salt;
  run.facts.change = describeChange(run.ask, fact(run, 'loaded'), planned, salt);
}

/** Whether what was read is what was recorded. */
export function isUnchanged({ prior, planned }: PlannedChange): boolean {
  return equalValues(prior.value, planned.value);
}

export function callOf(run: Run): CallOptions {
  const { operation } = run.facts;
  const group = operation?.changeSet;
  return { operationId: operation?.id ?? run.newId, group, timeoutMs: run.engine.limits.callMs };
}
