import type { Step } from '../run.ts';
import { adoptObject, applyChange, compareWithRecord, forgetObject } from '../steps/apply-change.ts';
import { awaitConfirmation } from '../steps/await-confirmation.ts';
import { checkConfiguration } from '../steps/check-configuration.ts';
import { claimConfirmation, requireSamePlan } from '../steps/claim-confirmation.ts';
import { findResource, requireDeterminate, requireFreeId, requireState } from '../steps/find-resource.ts';
import { requireLock } from '../steps/hold-lock.ts';
import { judgeChange } from '../steps/judge-change.ts';
import { loadOwnProvider, loadProvider } from '../steps/load-provider.ts';
import { openProject } from '../steps/open-project.ts';
import { planCreate, planDelete, planImport, planRefresh, planUpdate } from '../steps/plan-change.ts';
import { planEject } from '../steps/plan-eject.ts';
import { recordOperation } from '../steps/record-operation.ts';
import { recordOutcome } from '../steps/record-outcome.ts';

/** The life of one kind of operation, in order. */
export interface Life {
  /** Before the operation is written down: what fails here is no operation. */
  readonly prepare: readonly Step[];
  /** From the plan to the end, or to where a person must speak. */
  readonly carryOut: readonly Step[];
  /** Instead of it when the caller confirms a plan that was shown. */
  readonly confirm: readonly Step[];
}

const createLife: Life = {
  prepare: [openProject, requireLock, requireFreeId, loadProvider, checkConfiguration],
  carryOut: [planCreate, judgeChange, awaitConfirmation, applyChange, recordOutcome],
  confirm: [planCreate, requireSamePlan, judgeChange, applyChange, recordOutcome],
};

const updateLife: Life = {
  prepare: [openProject, requireLock, findResource, requireDeterminate, loadOwnProvider, checkConfiguration],
  carryOut: [planUpdate, judgeChange, awaitConfirmation, applyChange, recordOutcome],
  confirm: [planUpdate, requireSamePlan, judgeChange, applyChange, recordOutcome],
};

const deleteLife: Life = {
  prepare: [openProject, requireLock, findResource, requireDeterminate, loadOwnProvider],
  carryOut: [planDelete, judgeChange, awaitConfirmation, applyChange, recordOutcome],
  confirm: [planDelete, requireSamePlan, judgeChange, applyChange, recordOutcome],
};

const importLife: Life = {
  prepare: [openProject, requireLock, requireFreeId, loadProvider],
  carryOut: [planImport, judgeChange, adoptObject, recordOutcome],
  confirm: [],
};

const refreshLife: Life = {
  prepare: [openProject, requireLock, findResource, requireState, loadOwnProvider],
  carryOut: [planRefresh, judgeChange, compareWithRecord, recordOutcome],
  confirm: [],
};

const ejectLife: Life = {
  prepare: [openProject, requireLock, findResource],
  carryOut: [planEject, judgeChange, awaitConfirmation, forgetObject, recordOutcome],
  confirm: [planEject, requireSamePlan, judgeChange, forgetObject, recordOutcome],
};

export const lives = {
  CREATE: createLife,
  UPDATE: updateLife,
  DELETE: deleteLife,
  IMPORT: importLife,
  REFRESH: refreshLife,
  EJECT: ejectLife,
} as const;

/** How an operation gets its row: a new one, or the one whose plan the caller confirms. */
export const writeDown: Readonly<Record<'new' | 'confirmed', Step>> = {
  new: recordOperation,
  confirmed: claimConfirmation,
};
