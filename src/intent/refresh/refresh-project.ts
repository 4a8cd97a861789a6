import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { holdLock } from '../../domain/projects/index.ts';
import { AppError, badInput, maskError } from '../../shared/errors.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import { findRefreshable, type ResourceRow } from '../../storage/resources.ts';
import { requireEnabled } from '../change-sets/create-change-set.ts';
import { runInOrder } from '../change-sets/run-in-order.ts';
import type { Engine } from '../engine.ts';
import { parseAsk } from '../operations/parse-ask.ts';
import { parseWait, startOperation } from '../operations/start-operation.ts';
import { newRun } from '../run.ts';
import { operationView, type OperationView } from '../view.ts';
import { type Look, openLook } from './look.ts';

export interface RefreshProjectInput {
  readonly intentProject: string;
  /** Id of the resource after which to begin. */
  readonly after?: string | null | undefined;
  readonly wait?: number | null | undefined;
}

/** What a refresh of a project found. */
export interface RefreshedProject {
  readonly intentProject: string;
  readonly checked: number;
  readonly unchanged: number;
  readonly operations: readonly OperationView[];
  readonly failures: readonly { readonly resourceID: string; readonly message: string }[];
  /** Where to go on; null when all were read. */
  readonly next: string | null;
  readonly message: string;
}

/** What came of the resources that were read. */
interface Findings {
  unchanged: number;
  readonly operations: OperationView[];
  readonly failures: { readonly resourceID: string; readonly message: string }[];
}

interface Refreshing {
  readonly engine: Engine;
  readonly request: Request;
  readonly project: ProjectRow;
  readonly look: Look;
  readonly findings: Findings;
}

const MAX_RESOURCES = 1_000; // in one call
const MAX_OPERATIONS = 100; // an answer stays readable
const MAX_ID_LENGTH = 128;

/**
 * Reads the resources of a project again, several at once. One that is as recorded leaves nothing behind but its part of
 * one entry in the audit trail; for each other one a refresh is carried out as it would be by itself, with all that
 * belongs to it. Stops when its time is over, and says where to go on.
 */
export async function refreshProject(
  engine: Engine,
  request: Request,
  input: RefreshProjectInput,
): Promise<RefreshedProject> {
  const { intentProject: id } = input;
  const after = input.after ?? '';
  if (after.length > MAX_ID_LENGTH) throw badInput('after', 'is not the id of a resource');
  const endMs = performance.now() + parseWait(input.wait) * 1_000;
  const { domain } = engine;
  const project = await domain.storage.transaction((db) => holdLock(db, domain, request.caller, id));
  requireEnabled(project);
  const rows = await domain.storage.read((db) => findRefreshable(db, id, after, MAX_RESOURCES + 1));
  const findings: Findings = { unchanged: 0, operations: [], failures: [] };
  const look = await openLook({ engine, request, project });
  const work = { engine, request, project, look, findings };
  const begun = await refreshEach(work, rows.slice(0, MAX_RESOURCES), endMs);
  const next = begun < rows.length ? (rows[begun - 1]?.resourceId ?? after) : null;
  await record(work, begun);
  const { unchanged } = findings;
  const [operations, failures] = [findings.operations.toSorted(byResource), findings.failures.toSorted(byResource)];
  const message = messageOf(findings, begun, next);
  return { intentProject: id, checked: begun, unchanged, operations, failures, next, message };
}

function byResource(a: { resourceID?: unknown }, b: { resourceID?: unknown }): number {
  return String(a.resourceID) < String(b.resourceID) ? -1 : 1;
}

/** @returns how many were begun: all of them are at their end */
async function refreshEach(work: Refreshing, rows: readonly ResourceRow[], endMs: number): Promise<number> {
  const none = new Set<number>();
  let begun = 0;
  const fates = await runInOrder({
    needs: new Map(rows.map((_row, position) => [position, none])),
    parallelism: work.engine.limits.changesAtOnce,
    // At least one, so that whoever goes on comes to an end.
    isStopped: () => begun > 0 && (performance.now() >= endMs || work.findings.operations.length >= MAX_OPERATIONS),
    work: async (position) => {
      begun += 1;
      const row = rows[position];
      if (row !== undefined) await refreshOne(work, row);
      return true;
    },
  });
  return fates.size;
}

async function refreshOne(work: Refreshing, row: ResourceRow): Promise<void> {
  const { look, findings, request } = work;
  const { resourceId: resourceID } = row;
  try {
    if (await look(row)) findings.unchanged += 1;
    else findings.operations.push(await refreshAlone(work, resourceID));
  } catch (error) {
    const masked = maskError(error, request.origin.requestId);
    if (masked.code === 'PROJECT_LOCKED' || !(error instanceof AppError)) throw error;
    findings.failures.push({ resourceID, message: masked.message });
  }
}

async function refreshAlone({ engine, request, project }: Refreshing, resourceID: string): Promise<OperationView> {
  const ask = parseAsk({ kind: 'REFRESH', intentProject: project.id, resourceID });
  const { facts } = await startOperation(newRun(engine, request, ask), {});
  if (facts.operation === undefined) throw new AppError('CONFLICT', 'the refresh was not written down');
  return operationView(facts.operation, project.space);
}

async function record({ engine: { domain }, request, project, findings }: Refreshing, checked: number): Promise<void> {
  const { unchanged, operations, failures } = findings;
  const data = { checked, unchanged, operations: operations.map(({ id }) => id), failures: failures.length };
  await domain.storage.transaction((db) =>
    recordAudit(db, domain, request, {
      action: 'intent-project.refresh',
      affected: { type: 'INTENT_PROJECT', id: project.id },
      data,
    }),
  );
}

function messageOf({ unchanged, operations, failures }: Findings, checked: number, next: string | null): string {
  const said = [`${checked} resources were read: ${unchanged} are as recorded`];
  if (operations.length > 0) said.push(`${operations.length} are not, or could not be told at once: see operations`);
  if (failures.length > 0) said.push(`${failures.length} could not be read: see failures`);
  return `${said.join('; ')}.${next === null ? '' : ` There are more: ask again with after ${JSON.stringify(next)}.`}`;
}
