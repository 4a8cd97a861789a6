import type {
  IntentOperationStep,
  IntentResourceDependency,
  IntentTimeline,
  IntentTimelineEvent,
} from '../../generated/resolvers.ts';
import { unixSeconds } from '../shared/clock.ts';
import { badInput } from '../shared/errors.ts';
import type { Db } from '../storage/database.ts';
import { findNeeded, findNeeding } from '../storage/dependencies.ts';
import {
  countOperations,
  countOperationsWhere,
  findOperation,
  findOperations,
  findSteps,
  type OperationRow,
  searchOperations,
} from '../storage/operations.ts';
import { findProject } from '../storage/projects.ts';
import { countResources, findResource, findResources, searchResources } from '../storage/resources.ts';
import type { Page, SearchInput } from '../storage/search.ts';
import { edgeView } from './dependencies.ts';
import type { Engine } from './engine.ts';
import { operationView, type OperationView, resourceView, type ResourceView } from './view.ts';

type Maybe<T> = T | null | undefined;

const MAX_RESOURCES = 1_000;

export interface CountedPage<T> extends Page<T> {
  readonly totalCount: number;
}

export async function findResourceView(engine: Engine, project: string, id: string): Promise<ResourceView | null> {
  return engine.domain.storage.read(async (db) => {
    const row = await findResource(db, project, id);
    return row === undefined ? null : resourceView(row, await spaceOf(db, project));
  });
}

export async function listResources(
  engine: Engine,
  project: string,
): Promise<{ resources: ResourceView[]; count: number }> {
  return engine.domain.storage.read(async (db) => {
    const space = await spaceOf(db, project);
    const rows = await findResources(db, project, MAX_RESOURCES);
    return { resources: rows.map((row) => resourceView(row, space)), count: await countResources(db, project) };
  });
}

export async function searchResourceViews(
  engine: Engine,
  project: string,
  input: SearchInput,
): Promise<CountedPage<ResourceView>> {
  return engine.domain.storage.read(async (db) => {
    const space = await spaceOf(db, project);
    const page = await searchResources(db, project, input);
    const edges = page.edges.map(({ cursor, node }) => ({ cursor, node: resourceView(node, space) }));
    return { ...page, edges, totalCount: await countResources(db, project, input) };
  });
}

export async function findOperationView(engine: Engine, project: string, id: string): Promise<OperationView | null> {
  return engine.domain.storage.read(async (db) => {
    const row = await findOperation(db, project, id);
    return row === undefined ? null : operationView(row, await spaceOf(db, project));
  });
}

export async function searchOperationViews(
  engine: Engine,
  project: string,
  input: SearchInput,
): Promise<CountedPage<OperationView>> {
  return engine.domain.storage.read(async (db) => {
    const space = await spaceOf(db, project);
    const page = await searchOperations(db, project, input);
    const edges = page.edges.map(({ cursor, node }) => ({ cursor, node: operationView(node, space) }));
    return { ...page, edges, totalCount: await countOperations(db, project, input) };
  });
}

export interface OperationListInput {
  readonly intentProject: string;
  readonly resourceID?: Maybe<string>;
  readonly provider?: Maybe<string>;
  readonly version?: Maybe<string>;
  readonly type?: Maybe<string>;
  readonly page?: Maybe<number>;
  readonly pageSize?: Maybe<number>;
}

export interface OperationList {
  readonly page: number;
  readonly pageSize: number;
  readonly hasMore: boolean;
  readonly operations: readonly OperationView[];
}

export async function listOperations(engine: Engine, input: OperationListInput): Promise<OperationList> {
  const { intentProject: project, resourceID: resourceId, provider, version, type } = input;
  const page = within('page', input.page ?? 1, 1, 1_000_000);
  const pageSize = within('pageSize', input.pageSize ?? 20, 1, 100);
  const where = { project, ...given({ resourceId, provider, version, type }) };
  return engine.domain.storage.read(async (db) => {
    const space = await spaceOf(db, project);
    const rows = await findOperations(db, where, { limit: pageSize + 1, offset: (page - 1) * pageSize });
    const operations = rows.slice(0, pageSize).map((row) => operationView(row, space));
    return { page, pageSize, hasMore: rows.length > pageSize, operations };
  });
}

export interface TimelineInput {
  readonly intentProject: string;
  readonly resourceID?: Maybe<string>;
  readonly fromTime?: Maybe<string>;
  readonly toTime?: Maybe<string>;
  readonly limit?: Maybe<number>;
  readonly offset?: Maybe<number>;
}

/** What was done to the resources of a project: operations that came to a good end. */
export async function findTimeline(engine: Engine, input: TimelineInput): Promise<IntentTimeline> {
  const { intentProject: project, resourceID: resourceId } = input;
  const limit = within('limit', input.limit ?? 50, 1, 100);
  const offset = within('offset', input.offset ?? 0, 0, 1_000_000);
  const ended = {
    ...bound('$gte', parseTime('fromTime', input.fromTime)),
    ...bound('$lt', parseTime('toTime', input.toTime)),
  };
  const where = { project, status: 'FINISHED' as const, ...given({ resourceId }), finishedAt: { $ne: null, ...ended } };
  return engine.domain.storage.read(async (db) => {
    const rows = await findOperations(db, where, { limit, offset });
    const totalCount = await countOperationsWhere(db, where);
    return { events: rows.map(eventView), totalCount, hasMore: offset + rows.length < totalCount };
  });
}

function eventView(row: OperationRow): IntentTimelineEvent {
  return {
    id: row.id,
    resourceID: row.resourceId,
    operation: row.kind.toLowerCase(),
    changedBy: row.principalName,
    createdAt: unixSeconds(row.finishedAt ?? row.updatedAt),
  };
}

/** The journal of an operation. */
export async function findJournal(engine: Engine, operation: string): Promise<IntentOperationStep[]> {
  const steps = await engine.domain.storage.read((db) => findSteps(db, operation));
  return steps.map(({ step, at }) => ({ step, at: unixSeconds(at) }));
}

export async function findDependenciesOf(
  engine: Engine,
  { intentProject, resourceID }: Pick<ResourceView, 'intentProject' | 'resourceID'>,
  direction: 'DEPENDENCIES' | 'DEPENDENTS',
): Promise<IntentResourceDependency[]> {
  const find = direction === 'DEPENDENCIES' ? findNeeded : findNeeding;
  const edges = await engine.domain.storage.read((db) => find(db, intentProject, resourceID));
  return edges.map((edge) => edgeView(edge));
}

export async function spaceOf(db: Db, project: string): Promise<string> {
  return (await findProject(db, project))?.space ?? '';
}

function given(filters: Readonly<Record<string, Maybe<string>>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(filters).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function bound(operator: '$gte' | '$lt', at: Date | undefined): Record<string, Date> {
  return at === undefined ? {} : { [operator]: at };
}

function parseTime(field: string, text: Maybe<string>): Date | undefined {
  if (text === null || text === undefined) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) throw badInput(field, 'must be a time such as 2026-01-31T12:00:00Z');
  return at;
}

export function within(field: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw badInput(field, `must be a whole number from ${min} to ${max}`);
}
