import { AppError, noSuch } from '../../shared/errors.ts';
import type { OperationRow } from '../../storage/operations.ts';
import { noteStep } from '../journal/move-operation.ts';
import { judge } from '../judgement/judge.ts';
import { valueDigest } from '../plan/digest.ts';
import { checkConfig, checkForm } from '../provider/check-config.ts';
import type { LoadedType } from '../provider/loaded-type.ts';
import { fact, newRun, type Run, type Step } from '../run.ts';
import { indeterminate } from '../steps/find-resource.ts';
import { judgedColumns, questionOf } from '../steps/judge-change.ts';
import { planCreate, planDelete, planImport, planUpdate } from '../steps/plan-change.ts';
import { newOperation } from '../steps/record-operation.ts';
import { type Change, configOf } from './change.ts';
import { fillIn, type FilledConfig } from './references/fill-in.ts';
import { neighborsIn, openSources, type SetWork } from './set-work.ts';

/** One change of a set on its way: the operation that it is, and its configuration as far as it is known. */
export interface Member {
  readonly change: Change;
  readonly run: Run;
  readonly filled: FilledConfig | undefined;
}

export const planSteps: Readonly<Record<Change['ask']['kind'], Step>> = {
  CREATE: planCreate,
  UPDATE: planUpdate,
  DELETE: planDelete,
  IMPORT: planImport,
};

/** Gets a change ready for its provider: type loaded, references filled in with what is known now. */
export async function beginMember(work: SetWork, change: Change): Promise<Member> {
  requireSubject(work, change);
  const loaded = await work.load(change);
  await openSources(work, change);
  const filled = fillChange(work, change, loaded);
  const run = memberRun(work, change, filled);
  run.facts.loaded = loaded;
  return { change, run, filled };
}

/** What was there when the set was made may have gone meanwhile. */
function requireSubject({ resources }: SetWork, { ask }: Change): void {
  const row = resources.get(ask.resourceID);
  if (row?.condition === 'INDETERMINATE') throw indeterminate(row);
  const isNew = ask.kind === 'CREATE' || ask.kind === 'IMPORT';
  if (row === undefined && !isNew) throw noSuch('resource', ask.resourceID);
  if (row !== undefined && isNew) {
    throw new AppError('CONFLICT', `resource ${JSON.stringify(ask.resourceID)} is there by now: make a new change set`);
  }
}

function fillChange(work: SetWork, { ask, templates, references, position }: Change, loaded: LoadedType) {
  if (ask.config === undefined) return undefined;
  return fillIn(ask.config, templates, loaded.schema.block, {
    where: configOf(position),
    references,
    source: (id) => {
      const source = work.sources.get(id);
      if (source === undefined) throw new AppError('CONFLICT', `${id}, which it refers to, was not planned`);
      return source;
    },
  });
}

/** The run of a change of which nothing is known yet but what was asked. */
export function memberRun(work: SetWork, { ask }: Change, filled?: FilledConfig): Run {
  const asked = filled === undefined ? ask : { ...ask, config: filled.plain };
  const run = newRun(work.engine, work.request, asked, work.writer);
  run.facts.project = work.project;
  const resource = work.resources.get(ask.resourceID);
  if (resource !== undefined) run.facts.resource = resource;
  return run;
}

/** The row of a change that is not written down yet. Equal plans of two attempts at it have equal digests. */
export function memberRow(work: SetWork, { ask, position }: Change, run: Run): OperationRow {
  const before = work.rows.get(position);
  const row = newOperation(run, ask.config);
  const place = { fence: work.project.fence, changeSet: work.set.id, changePosition: position };
  return { ...row, ...place, leaseUntil: undefined, plan: before?.plan };
}

/** Holds the configuration to the schema, and, unless only its form is in question, to the provider's own checks. */
export async function checkMemberConfig({ change, run, filled }: Member, what: 'form' | 'all' = 'all'): Promise<void> {
  if (filled === undefined) return;
  const { executor } = run.engine.domain;
  const loaded = fact(run, 'loaded');
  const checked = await atChange(change, async () =>
    what === 'form' ? checkForm(loaded, filled.marked) : checkConfig(executor, loaded, filled.marked, 'resource'),
  );
  run.facts.config = checked.value;
  run.problems.push(...checked.warnings);
}

/** The same refusal with the place of the change before its field. */
async function atChange<T>({ position }: Change, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BAD_INPUT') throw error;
    throw new AppError(error.code, `changes[${position}].${error.message}`, { details: error.details, cause: error });
  }
}

/** Has the policies judge the plan, and notes what they say. Whoever calls acts on it. */
export async function judgeMember(work: SetWork, { change, run, filled }: Member): Promise<void> {
  const known = { ...(await work.policies()), dependencies: neighborsIn(work, change) };
  const decision = await judge(work.engine.domain, questionOf(run), known);
  run.facts.decision = decision;
  const { salt, planned } = fact(run, 'change');
  const more = { priorDigest: valueDigest(planned.prior.value, salt), isWhole: filled?.isWhole ?? true };
  const changes = judgedColumns(run, decision, more);
  noteStep(run, { step: 'judgeChange', detail: { outcome: decision.outcome }, changes });
}

/** What others refer to from now on. */
export function leaveSource(work: SetWork, run: Run): void {
  const { outcome } = run.facts;
  const value = outcome === undefined ? fact(run, 'change').planned.planned.value : outcome.object.value;
  const { valueType, schema } = fact(run, 'loaded');
  work.sources.set(run.ask.resourceID, { value, valueType, block: schema.block });
}
