import { decodeFor } from '../provider/loaded-type.ts';
import { AppError, maskError } from '../../shared/errors.ts';
import { isValueMap, type Value } from '../../providers/index.ts';
import { findSteps } from '../../storage/operations.ts';
import { checkApplied } from '../compare/check-applied.ts';
import { askingFailed, leftToPerson } from '../journal/interruption.ts';
import { moveOperation } from '../journal/move-operation.ts';
import { openObject } from '../journal/object-store.ts';
import { readPlan, type StoredPlan } from '../journal/stored.ts';
import { nullUnknowns } from '../plan/unknowns.ts';
import { type KnownObject, nothing } from '../provider/plan-change.ts';
import { readObject } from '../provider/read-object.ts';
import { fact, type Outcome, type Run } from '../run.ts';
import { callOf } from './plan-change.ts';

/** Finds out what an interrupted operation left behind, by asking the provider. Nothing is done again. */
export async function settleByReading(run: Run): Promise<void> {
  try {
    await ((await wasNew(run)) ? settleNew(run) : settleKnown(run));
  } catch (error) {
    // As long as the provider cannot be asked nothing is known, and the operation stays as it was.
    run.stopped = true;
    run.error = maskError(error, fact(run, 'operation').id);
    const failure = askingFailed(run.error.message);
    await moveOperation(run, { to: 'INTERRUPTED', step: 'leaveUnsettled', changes: { failure } });
  }
}

/** Whether there was no object when the provider was last told to act. */
async function wasNew(run: Run): Promise<boolean> {
  const { id, plan } = fact(run, 'operation');
  if (readPlan(plan)?.shown.action === 'create') return true;
  const steps = await run.engine.domain.storage.read((db) => findSteps(db, id));
  return steps.some(({ step }) => step === 'recordDestroyed');
}

/** Something that did not exist before can be found only if its id was planned, or if this server was told it too late. */
async function settleNew(run: Run): Promise<void> {
  const planned = run.engine.late.find(fact(run, 'operation').id) ?? plannedObject(run);
  if (planned === undefined || !hasKnownId(planned.value)) return leaveUnsettled(run);
  const known = { value: nullUnknowns(planned.value), private: planned.private };
  const { object } = await readObject(run.engine.domain.executor, fact(run, 'loaded'), known, callOf(run));
  if (object.value === null) {
    return settle(run, { object: nothing, word: 'failed', failure: 'it was interrupted, and the object was not made' });
  }
  settle(run, { object, word: fact(run, 'operation').kind === 'CREATE' ? 'created' : 'updated', failure: undefined });
}

function plannedObject(run: Run): KnownObject | undefined {
  const plan: StoredPlan | undefined = readPlan(fact(run, 'operation').plan);
  const loaded = fact(run, 'loaded');
  if (plan === undefined || plan.sha256 !== loaded.binary.sha256) return undefined;
  return { value: decodeFor(loaded, plan.planned), private: plan.plannedPrivate };
}

function hasKnownId(value: Value): boolean {
  const id = isValueMap(value) ? value.get('id') : undefined;
  return typeof id === 'string' && id !== '';
}

async function leaveUnsettled(run: Run): Promise<void> {
  const { type, resourceId } = fact(run, 'operation');
  const failure = leftToPerson(type, resourceId);
  run.stopped = true;
  await moveOperation(run, { to: 'INTERRUPTED', step: 'leaveUnsettled', changes: { failure } });
}

async function settleKnown(run: Run): Promise<void> {
  const { executor } = run.engine.domain;
  const loaded = fact(run, 'loaded');
  const known = await openObject(executor, loaded, fact(run, 'resource'), callOf(run));
  if (known.value === null) throw new AppError('CONFLICT', 'no state is recorded that could be read again');
  const { object } = await readObject(executor, loaded, known, callOf(run));
  settle(run, fact(run, 'operation').kind === 'DELETE' ? afterDelete(object) : afterUpdate(run, object));
}

type Settled = Pick<Outcome, 'object' | 'word' | 'failure'>;

function afterDelete(object: KnownObject): Settled {
  return object.value === null
    ? { object: nothing, word: 'deleted', failure: undefined }
    : { object, word: 'failed', failure: 'it was interrupted, and the object is still there' };
}

function afterUpdate(run: Run, object: KnownObject): Settled {
  const planned = plannedObject(run);
  const done =
    planned !== undefined &&
    checkApplied(fact(run, 'loaded').schema.block, planned.value, object.value, false).length === 0;
  if (done) return { object, word: 'updated', failure: undefined };
  const failure =
    object.value === null
      ? 'it was interrupted, and the object is gone'
      : 'it was interrupted, and the change was not made, or only in part: the record shows what is there';
  return { object, word: 'failed', failure };
}

function settle(run: Run, { object, word, failure }: Settled): void {
  const { type, resourceId } = fact(run, 'operation');
  run.facts.outcome = {
    object,
    condition: object.value === null ? 'GONE' : 'OK',
    word,
    message: `${type} ${JSON.stringify(resourceId)} was ${word}, as the provider says after the interruption.`,
    failure,
  };
}
