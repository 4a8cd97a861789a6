import { setTimeout as pause } from 'node:timers/promises';

import type { DomainContext, Request } from '../../domain/context.ts';
import { AppError, maskError } from '../../shared/errors.ts';
import { isJsonObject } from '../../shared/json.ts';
import { type DependencyRow, findDependencies } from '../../storage/dependencies.ts';
import { findOperations, type OperationRow } from '../../storage/operations.ts';
import { findResource, findResources, type ResourceRow } from '../../storage/resources.ts';
import type { Intent } from '../create-intent.ts';
import type { OperationView } from '../view.ts';

/** What is left of a project and why. */
export interface Leftovers {
  readonly left: number;
  /** One line for each resource that could not be destroyed. */
  readonly reasons: readonly string[];
}

export interface Destroying {
  readonly domain: DomainContext;
  readonly intent: Intent;
  readonly request: Request;
  readonly project: string;
  /** Called before each resource: the work goes on. */
  readonly goesOn: () => Promise<void>;
}

const MAX_RESOURCES = 10_000;
const POLL_MS = 1_000;
const LIVE = new Set<OperationView['status']>(['QUEUED', 'PLANNING', 'APPLYING']);

/**
 * Destroys the resources of a project, what needs others first, each by an operation like any other: planned, judged,
 * recorded. What cannot be destroyed stays, with what it needs.
 */
export async function destroyResources(work: Destroying): Promise<Leftovers> {
  const { storage } = work.domain;
  const reasons = new Map<string, string>();
  for (;;) {
    const [rows, edges] = await storage.read(async (db) => [
      await findResources(db, work.project, MAX_RESOURCES),
      await findDependencies(db, work.project),
    ]);
    const next = rows.filter(({ resourceId }) => !reasons.has(resourceId) && !isNeeded(resourceId, rows, edges));
    if (next.length === 0) return { left: rows.length, reasons: [...reasons.values()] };
    for (const row of next) {
      await work.goesOn();
      const reason = await destroyOne(work, row);
      if (reason !== undefined) reasons.set(row.resourceId, `${row.type} ${JSON.stringify(row.resourceId)}: ${reason}`);
    }
  }
}

function isNeeded(id: string, rows: readonly ResourceRow[], edges: readonly DependencyRow[]): boolean {
  const there = new Set(rows.map(({ resourceId }) => resourceId));
  return edges.some(({ fromResource, toResource }) => toResource === id && there.has(fromResource));
}

/** @returns why it is still there; PROJECT_LOCKED is thrown: it holds for all */
async function destroyOne(work: Destroying, row: ResourceRow): Promise<string | undefined> {
  try {
    const operation = await settle(work, await begin(work, row));
    return await whyStillThere(work, row, operation);
  } catch (error) {
    const masked = maskError(error, work.request.origin.requestId);
    if (masked.code === 'PROJECT_LOCKED') throw masked;
    if (masked !== error) work.domain.log.error({ error, resource: row.id }, 'a resource could not be destroyed');
    return masked.message;
  }
}

/** Goes on with what was begun before, or begins anew. */
async function begin(work: Destroying, row: ResourceRow): Promise<OperationView> {
  const { intent, request, project: intentProject } = work;
  const open = await openOperation(work, row);
  if (open !== undefined) return intent.resumeOperation(request, { intentProject, operationID: open.id });
  return intent.deleteResource(request, { intentProject, resourceID: row.resourceId });
}

/** What was interrupted, and a destruction of ours that waits for a person or that a person let through. */
async function openOperation({ domain, project, request }: Destroying, { resourceId }: ResourceRow) {
  const statuses = ['INTERRUPTED', 'QUEUED', 'PENDING_REVIEW', 'AWAITING_CONFIRMATION'] as const;
  const where = { project, resourceId, status: { $in: [...statuses] } };
  const open = await domain.storage.read((db) => findOperations(db, where, { limit: 20 }));
  const ours = open.filter(({ session, kind }) => session === request.caller.session && kind === 'DELETE');
  const waiting = ours.find(waitsForPerson);
  if (waiting !== undefined) throw new AppError('REVIEW_PENDING', `operation ${waiting.id} waits for a person`);
  return open.find(({ status }) => status === 'INTERRUPTED') ?? ours[0];
}

function waitsForPerson({ status, review }: OperationRow): boolean {
  if (status === 'PENDING_REVIEW') return true;
  return status === 'AWAITING_CONFIRMATION' && !(isJsonObject(review) && review['decision'] === 'ALLOW');
}

/** Confirms the plan where it may, and waits for the end. */
async function settle(work: Destroying, begun: OperationView): Promise<OperationView> {
  const { intent, request, project: intentProject } = work;
  let operation = begun;
  const token = operation.confirmation?.token;
  if (operation.status === 'AWAITING_CONFIRMATION' && token !== undefined && typeof operation.resourceID === 'string') {
    const input = { intentProject, resourceID: operation.resourceID, confirmation: token };
    operation = await intent.deleteResource(request, input);
  }
  while (LIVE.has(operation.status)) {
    await pause(POLL_MS);
    await work.goesOn();
    operation = (await intent.findOperation(request, { intentProject, id: operation.id })) ?? operation;
  }
  return operation;
}

async function whyStillThere(
  { domain, project }: Destroying,
  { resourceId }: ResourceRow,
  { id, status, failure }: OperationView,
): Promise<string | undefined> {
  const row = await domain.storage.read((db) => findResource(db, project, resourceId));
  if (row === undefined) return undefined;
  switch (status) {
    case 'PENDING_REVIEW':
    case 'AWAITING_CONFIRMATION':
      return `operation ${id} waits for a person`;
    default:
      return failure ?? `operation ${id} is ${status}`;
  }
}
