import { setImmediate as nextTurn } from 'node:timers/promises';

import { isJsonObject, type JsonObject } from '../../shared/json.ts';
import { listItem } from '../../shared/problems.ts';
import type { Db } from '../../storage/database.ts';
import { type Background, judge, type Question, readBackground } from '../judgement/judge.ts';
import { moveOperation, noteStep } from '../journal/move-operation.ts';
import { decisionJson, writeReceipt } from '../journal/receipt.ts';
import { packRecord, type StoredPlan } from '../journal/stored.ts';
import { encodeFor } from '../provider/loaded-type.ts';
import { begin, type Decision, fact, type Run } from '../run.ts';
import { releaseWhileWaiting } from './hold-lock.ts';

const FRESH_MS = 1_000;

/** Begins to read what the plan will be judged by, while the provider works: in the next turn, when it has been asked. */
export function beginJudging(run: Run): void {
  run.begun.background = { at: run.engine.domain.clock.now(), read: begin(nextTurn().then(() => backgroundOf(run))) };
}

/** Has the policies of the project judge the plan, and stops where they deny it or leave it to a person. */
export async function judgeChange(run: Run): Promise<void> {
  const decision = await judge(run.engine.domain, questionOf(run), await freshBackground(run));
  run.facts.decision = decision;
  if (decision.outcome === 'DENIED') return deny(run, decision);
  if (decision.outcome === 'REVIEW' && !isReviewed(run)) return leaveToPerson(run, decision);
  const changes = judgedColumns(run, decision);
  noteStep(run, { step: 'judgeChange', detail: { outcome: decision.outcome }, changes });
}

/** While a slow provider worked somebody may have attached a policy that is to hold. */
function freshBackground(run: Run): Promise<Background> {
  const { background } = run.begun;
  return background !== undefined && isFresh(run, background.at) ? background.read : backgroundOf(run);
}

const isFresh = ({ engine }: Run, at: Date): boolean => engine.domain.clock.now().getTime() - at.getTime() < FRESH_MS;

function backgroundOf(run: Run): Promise<Background> {
  return readBackground(run.engine.domain, fact(run, 'project'), run.ask.resourceID);
}

/** What the policies are asked about an operation. */
export function questionOf(run: Run): Question {
  const operation = fact(run, 'operation');
  return {
    kind: run.ask.kind,
    resourceID: run.ask.resourceID,
    provider: operation.provider,
    version: operation.version,
    type: operation.type,
    config: run.ask.config,
    schema: run.facts.loaded?.schema.block,
    plan: fact(run, 'change').shown,
    project: fact(run, 'project'),
    request: run.request,
    operation,
    rollbackOf: run.ask.rollbackOf,
  };
}

/** Ends an operation that the policies deny. */
export async function deny(run: Run, decision: Decision): Promise<void> {
  run.stopped = true;
  // A plan that was shown and is denied now is called off: when it was shown it was not denied.
  const to = fact(run, 'operation').status === 'AWAITING_CONFIRMATION' ? 'CANCELED' : 'DENIED';
  const failure = ['a policy denied it:', ...decision.deny.map((reason) => listItem(reason))].join('\n');
  const changes = { ...judgedColumns(run, decision), failure };
  const also = (db: Db): Promise<void> => writeReceipt(db, run, 'denied');
  await moveOperation(run, { to, step: 'judgeChange', detail: { outcome: 'DENIED' }, changes, also });
}

async function leaveToPerson(run: Run, decision: Decision): Promise<void> {
  run.stopped = true;
  const { status } = fact(run, 'operation');
  const detail = { outcome: 'REVIEW' };
  const changes = judgedColumns(run, decision);
  const also = (db: Db): Promise<void> => releaseWhileWaiting(db, run);
  if (status !== 'AWAITING_CONFIRMATION') {
    return moveOperation(run, { to: 'PENDING_REVIEW', step: 'judgeChange', detail, changes, also });
  }
  const failure = 'the policies leave it to a person by now: call again without the confirmation and have it reviewed';
  await moveOperation(run, { to: 'CANCELED', step: 'judgeChange', detail, changes: { ...changes, failure }, also });
}

/** Whether a person has let exactly this plan through. */
function isReviewed(run: Run): boolean {
  const { review } = fact(run, 'operation');
  return isJsonObject(review) && review['decision'] === 'ALLOW' && review['digest'] === fact(run, 'change').digest;
}

/** A plan and its decision as they are stored. */
export function judgedColumns(run: Run, decision: Decision, more: Pick<StoredPlan, 'priorDigest' | 'isWhole'> = {}) {
  const { shown, salt, digest, planned } = fact(run, 'change');
  const { loaded } = run.facts;
  const stored: StoredPlan = {
    salt,
    shown,
    planned: loaded === undefined ? new Uint8Array() : encodeFor(loaded, planned.planned.value),
    plannedPrivate: planned.planned.private,
    sha256: loaded?.binary.sha256 ?? '',
    ...more,
  };
  return {
    plan: packRecord(stored),
    planDigest: digest,
    diagnostics: problemsJson(run),
    decision: decisionJson(decision),
  };
}

export function problemsJson({ problems }: Run): JsonObject[] {
  return problems.map(({ severity, summary, detail, path }) => ({ severity, summary, detail, path: [...path] }));
}
