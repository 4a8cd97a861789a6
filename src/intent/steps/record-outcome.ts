import { setTimeout as pause } from 'node:timers/promises';

import { AppError } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import { isJsonObject } from '../../shared/json.ts';
import type { Db } from '../../storage/database.ts';
import { addDependencies, removeEdges, removeReferences } from '../../storage/dependencies.ts';
import { findOperations, changeOperation, type OperationRow } from '../../storage/operations.ts';
import { removeResource, type ResourceRow, saveResource } from '../../storage/resources.ts';
import { moveOperation } from '../journal/move-operation.ts';
import { packState, shownOf } from '../journal/object-store.ts';
import { receiptEntry } from '../journal/receipt.ts';
import { deriveConfig } from '../merge/derive-config.ts';
import { packRequest } from '../journal/shown-request.ts';
import { packRecord, type Shown, type StoredRequest, type StoredResult } from '../journal/stored.ts';
import { redactJson, withoutWriteOnly } from '../plan/redact-json.ts';
import { fact, type Run } from '../run.ts';
import { driftColumns } from './drift.ts';
import { problemsJson } from './judge-change.ts';
import { aliasOf } from './load-provider.ts';

// Something exists now that only this process knows of: a database that is briefly away must not lose it.
const RETRY_DELAYS_MS = [100, 1_000, 5_000, 15_000];

/** Records what came of it, in one transaction with the resource and the receipt, and only then answers. */
export async function recordOutcome(run: Run): Promise<void> {
  const outcome = fact(run, 'outcome');
  const shown = shownOutcome(run);
  const fate = fateOfRecord(run);
  const result: StoredResult = {
    outcome: outcome.failure === undefined ? outcome.word : 'failed',
    message: outcome.message,
    state: shown.value,
    redacted: shown.redacted,
  };
  const changes = {
    ...requestColumn(run),
    ...foundColumn(run),
    result: packRecord(result),
    diagnostics: problemsJson(run),
    failure: outcome.failure,
  };
  await persist(run, () =>
    moveOperation(run, {
      to: outcome.failure === undefined ? 'FINISHED' : 'FAILED',
      step: 'recordOutcome',
      changes,
      durable: true,
      belongings: {
        resource: fate === 'saved' ? recordedRow(run) : undefined,
        receipt: receiptEntry(run, result.outcome, isJsonObject(shown.value) ? shown.value : undefined),
      },
      also: furtherRecords(run, fate),
    }),
  );
}

function shownOutcome(run: Run): Shown {
  const { object } = fact(run, 'outcome');
  const { loaded } = run.facts;
  return loaded === undefined || object.value === null ? { value: null, redacted: [] } : shownOf(loaded, object.value);
}

async function persist(run: Run, write: () => Promise<void>): Promise<void> {
  const before = fact(run, 'operation');
  // Once it is committed only the disk is left to wait for.
  const attempt = (): Promise<void> =>
    fact(run, 'operation') === before ? write() : run.engine.domain.storage.durable();
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      return await attempt();
    } catch (error) {
      const committed = fact(run, 'operation') !== before;
      if (!committed && !(error instanceof AppError && error.code === 'UNAVAILABLE')) throw error;
      run.engine.domain.log.warn({ error, operation: before.id }, 'an outcome could not be recorded yet');
      await pause(delayMs, undefined, { ref: false });
    }
  }
  await attempt();
}

type RecordFate = 'saved' | 'dropped' | 'none';

function fateOfRecord(run: Run): RecordFate {
  const { object, failure } = fact(run, 'outcome');
  const { kind } = run.ask;
  const isNew = run.facts.resource === undefined;
  if (object.value === null && isNew) return 'none'; // a creation that left nothing
  const neverMade = kind === 'CREATE' && object.value === null; // it was in doubt, and it is not there
  const isDropped =
    neverMade || kind === 'EJECT' || (kind === 'DELETE' && object.value === null && failure === undefined);
  return isDropped ? 'dropped' : 'saved';
}

function recordedRow(run: Run): ResourceRow {
  const { object, condition } = fact(run, 'outcome');
  if (object.value === null) return destroyedRow(run);
  return { ...baseRow(run), ...stateColumns(run), ...driftColumns(run), condition };
}

/** What takes statements of its own; most outcomes have none. */
function furtherRecords(run: Run, fate: RecordFate): ((db: Db) => Promise<void>) | undefined {
  const { id, fence } = fact(run, 'project');
  const { kind, resourceID } = run.ask;
  const { edges = [], letGo = [] } = run.facts;
  const went = fate === 'saved' && fact(run, 'outcome').failure === undefined;
  const addsEdges = went && edges.length > 0;
  const endsEdges = went && letGo.length > 0;
  const settles = kind === 'IMPORT' || kind === 'REFRESH' || kind === 'EJECT';
  if (fate !== 'dropped' && !addsEdges && !endsEdges && !settles) return undefined;
  return async (db) => {
    if (kind === 'EJECT') await removeEdges(db, id, resourceID);
    if (fate === 'dropped') await removeResource(db, resourceID, { project: id, fence });
    if (endsEdges) await removeReferences(db, id, resourceID, letGo);
    if (addsEdges) await addDependencies(db, edges);
    if (settles) await settleInterrupted(db, run);
  };
}

/** What a resource's record is made of, whatever became of its object. */
export function baseRow(run: Run): ResourceRow {
  const { operation, resource } = run.facts;
  const { id, provider, version, type } = operation ?? fact(run, 'operation');
  const at = run.engine.domain.clock.now();
  return {
    id: resource?.id ?? newUlid(),
    project: run.ask.project,
    resourceId: run.ask.resourceID,
    provider,
    version,
    type,
    schemaVersion: run.facts.loaded?.schema.version ?? resource?.schemaVersion ?? 0,
    config: configColumn(run) ?? resource?.config,
    state: resource?.state,
    private: resource?.private,
    providerAlias: aliasOf(run),
    condition: resource?.condition ?? 'OK',
    drift: resource?.drift,
    driftBase: resource?.driftBase,
    createdAt: resource?.createdAt ?? at,
    updatedAt: at,
    lastOperationId: id,
  };
}

function stateColumns(run: Run): Partial<ResourceRow> {
  const { object } = fact(run, 'outcome');
  return { state: packState(fact(run, 'loaded'), object), private: object.private };
}

/** At its end an operation needs its write-only arguments no more: their names stay, for whoever goes back to it. */
function requestColumn(run: Run): Partial<OperationRow> {
  const { ask, facts } = run;
  const { config, importID, importIdentity, rollbackOf } = ask;
  if (config === undefined || facts.loaded === undefined) return {};
  const { block } = facts.loaded.schema;
  const { value, withheld } = withoutWriteOnly(block, config);
  if (withheld.length === 0) return {};
  const asked = { config: value, importID, importIdentity, rollbackOf, providerAlias: aliasOf(run), withheld };
  return { request: packRequest(asked, block, config) };
}

/** An import is given no configuration: what the object was found with is kept, for whoever goes back to it. */
function foundColumn(run: Run): Partial<OperationRow> {
  const { ask, facts } = run;
  const { object, failure } = fact(run, 'outcome');
  if (ask.kind !== 'IMPORT' || failure !== undefined || facts.loaded === undefined) return {};
  const { config, importID, importIdentity } = ask;
  const found = deriveConfig(facts.loaded.schema.block, object.value);
  const asked: StoredRequest = { config, importID, importIdentity, providerAlias: aliasOf(run), found };
  return { request: packRecord(asked) };
}

/** Arguments as given. A write-only one is never kept. */
function configColumn(run: Run): Uint8Array | undefined {
  const { config } = run.ask;
  const { loaded } = run.facts;
  if (config === undefined || loaded === undefined) return undefined;
  const { value, paths } = redactJson(loaded.schema.block, config);
  const kept = withoutWriteOnly(loaded.schema.block, config);
  return packRecord({ config: kept.value, withheld: kept.withheld, shown: { value, redacted: paths } });
}

function destroyedRow(run: Run): ResourceRow {
  return { ...baseRow(run), state: undefined, private: undefined, condition: 'GONE' };
}

/** Between the two halves of a replacement: the old object is gone and the new one is not there yet. */
export async function recordDestroyed(run: Run): Promise<void> {
  const { id, fence } = fact(run, 'project');
  await persist(run, () =>
    moveOperation(run, {
      to: 'APPLYING',
      step: 'recordDestroyed',
      durable: true,
      also: (db) => saveResource(db, destroyedRow(run), { project: id, fence }),
    }),
  );
  run.facts.resource = destroyedRow(run);
}

/** A refresh or an import tells what an interrupted operation left behind, an eject drops it: that one is at its end. */
async function settleInterrupted(db: Db, run: Run): Promise<void> {
  const operation = fact(run, 'operation');
  const where = { project: run.ask.project, resourceId: run.ask.resourceID, status: 'INTERRUPTED' as const };
  const interrupted = await findOperations(db, where, { limit: 10 });
  const at = run.engine.domain.clock.now();
  for (const { id, project } of interrupted.filter((each) => each.id !== operation.id)) {
    const target = { project, id, fence: fact(run, 'project').fence };
    const changes = {
      status: 'FAILED' as const,
      failure: `interrupted; settled by operation ${operation.id} (${operation.kind.toLowerCase()})`,
      updatedAt: at,
      finishedAt: at,
    };
    await changeOperation(db, target, ['INTERRUPTED'], changes, { step: 'settleInterrupted', at });
  }
}
