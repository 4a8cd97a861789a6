import type { IntentResourceDependencies, IntentResourceDependency } from '../../generated/resolvers.ts';
import { recordAudit } from '../domain/audit/index.ts';
import type { Request } from '../domain/context.ts';
import { holdLock } from '../domain/projects/index.ts';
import { AppError, badInput, noSuch } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import type { Db } from '../storage/database.ts';
import {
  deleteDependency,
  type DependencyRow,
  findDependencies,
  findNeeded,
  findNeeding,
  insertDependency,
} from '../storage/dependencies.ts';
import { findWork } from '../storage/operations.ts';
import { findResource } from '../storage/resources.ts';
import type { Engine } from './engine.ts';
import { judgeEdge } from './judge-edge.ts';
import { textOf } from './journal/json-fields.ts';

export interface EdgeInput {
  readonly intentProject: string;
  /** The resource that needs. */
  readonly from: string;
  /** The resource that is needed. */
  readonly to: string;
}

export interface NewEdgeInput extends EdgeInput {
  readonly type?: 'EXPLICIT' | 'IMPLICIT' | 'DATA_SOURCE' | null | undefined;
  readonly explanation?: string | null | undefined;
  readonly fieldMappings?: readonly FieldMapping[] | null | undefined;
}

interface FieldMapping {
  readonly sourceField: string;
  readonly targetField: string;
  readonly description?: string | null | undefined;
}

const MAX_EXPLANATION_LENGTH = 1_000;
const MAX_MAPPINGS = 50;

/**
 * Records that one resource needs another. It is refused between a resource and itself, to or from one that is not
 * there, and where it would close a circle, because then nothing in the circle could ever be deleted.
 */
export async function addDependency(
  engine: Engine,
  request: Request,
  input: NewEdgeInput,
): Promise<IntentResourceDependency> {
  const edge = newEdge(engine, input);
  if (input.from === input.to) throw badInput('to', 'a resource cannot need itself');
  await judgeEdge(engine, request, 'add', input);
  await change(engine, request, 'add', input, async (db) => {
    await requireResources(db, input);
    await requireNoCircle(db, input);
    await requireStaying(db, input);
    if (!(await insertDependency(db, edge))) {
      throw new AppError('CONFLICT', `${input.from} is recorded to need ${input.to} already`);
    }
  });
  return edgeView(edge, 'added');
}

/** Removes such a record. */
export async function removeDependency(
  engine: Engine,
  request: Request,
  input: EdgeInput,
): Promise<IntentResourceDependency> {
  const { intentProject: project, from, to } = input;
  const needed = await engine.domain.storage.read((db) => findNeeded(db, project, from));
  const edge = needed.find((each) => each.toResource === to);
  if (edge === undefined) throw noSuch('dependency', `${from} -> ${to}`);
  await judgeEdge(engine, request, 'remove', input);
  await change(engine, request, 'remove', input, async (db) => {
    await deleteDependency(db, project, from, to);
  });
  return edgeView(edge, 'removed');
}

/** What a resource needs and what needs it; null when there is no such resource. */
export async function findNeighbours(
  engine: Engine,
  input: {
    readonly intentProject: string;
    readonly resourceID: string;
    readonly direction?: 'DEPENDENCIES' | 'DEPENDENTS' | 'BOTH' | null | undefined;
  },
): Promise<IntentResourceDependencies | null> {
  const { intentProject: project, resourceID, direction } = input;
  return engine.domain.storage.read(async (db) => {
    if ((await findResource(db, project, resourceID)) === undefined) return null;
    const dependencies = direction === 'DEPENDENTS' ? [] : await findNeeded(db, project, resourceID);
    const dependents = direction === 'DEPENDENCIES' ? [] : await findNeeding(db, project, resourceID);
    return {
      resourceID,
      dependencies: dependencies.map((edge) => edgeView(edge)),
      dependents: dependents.map((edge) => edgeView(edge)),
      summary: {
        dependenciesCount: dependencies.length,
        dependentsCount: dependents.length,
        totalCount: dependencies.length + dependents.length,
      },
    };
  });
}

function newEdge(engine: Engine, input: NewEdgeInput): DependencyRow {
  const { intentProject: project, from, to, explanation, fieldMappings } = input;
  if ((explanation ?? '').length > MAX_EXPLANATION_LENGTH) {
    throw badInput('explanation', `must have at most ${MAX_EXPLANATION_LENGTH} characters`);
  }
  if ((fieldMappings ?? []).length > MAX_MAPPINGS) throw badInput('fieldMappings', `must have at most ${MAX_MAPPINGS}`);
  return {
    project,
    fromResource: from,
    toResource: to,
    type: input.type ?? 'EXPLICIT',
    explanation: explanation ?? undefined,
    fieldMappings: (fieldMappings ?? []).map(({ sourceField, targetField, description }) => ({
      sourceField,
      targetField,
      description: description ?? null,
    })),
    createdAt: engine.domain.clock.now(),
  };
}

/** One change of the graph under the project's lock, with its receipt. */
function change(
  engine: Engine,
  request: Request,
  verb: 'add' | 'remove',
  { intentProject: project, from, to }: EdgeInput,
  work: (db: Db) => Promise<void>,
): Promise<void> {
  const { domain } = engine;
  return domain.storage.transaction(async (db) => {
    await holdLock(db, domain, request.caller, project);
    await work(db);
    await recordAudit(db, domain, request, {
      action: `intent-dependencies.${verb}`,
      affected: { type: 'INTENT_RESOURCE', id: from },
      related: { type: 'INTENT_PROJECT', id: project },
      data: { from, to },
    });
  });
}

async function requireResources(db: Db, { intentProject, from, to }: EdgeInput): Promise<void> {
  for (const id of [from, to]) {
    if ((await findResource(db, intentProject, id)) === undefined) throw noSuch('resource', id);
  }
}

async function requireNoCircle(db: Db, { intentProject, from, to }: EdgeInput): Promise<void> {
  const needs = new Map<string, string[]>();
  for (const { fromResource, toResource } of await findDependencies(db, intentProject)) {
    needs.set(fromResource, [...(needs.get(fromResource) ?? []), toResource]);
  }
  const path = pathBetween(needs, to, from);
  if (path !== undefined) {
    throw badInput('to', `this would close a circle: ${[from, ...path].join(' -> ')}`, { circle: [from, ...path] });
  }
}

/** A way along the edges, shortest first; undefined when there is none. */
function pathBetween(needs: ReadonlyMap<string, readonly string[]>, start: string, end: string): string[] | undefined {
  const seen = new Set([start]);
  const paths: string[][] = [[start]];
  for (const path of paths) {
    const last = path.at(-1) ?? '';
    if (last === end) return path;
    for (const next of (needs.get(last) ?? []).filter((each) => !seen.has(each))) {
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return undefined;
}

/** What is on its way out must not become needed. */
async function requireStaying(db: Db, { intentProject: project, from, to }: EdgeInput): Promise<void> {
  const removals = { project, resources: [from, to], kinds: ['DELETE', 'EJECT'] as const };
  const leaving = await findWork(db, removals, ['QUEUED', 'INTERRUPTED']);
  if (leaving === undefined) return;
  throw new AppError('CONFLICT', `operation ${leaving.id} is about to remove ${leaving.resourceId}`, {
    details: { operation: leaving.id },
  });
}

export function edgeView(edge: DependencyRow, outcome?: 'added' | 'removed'): IntentResourceDependency {
  return {
    from: edge.fromResource,
    to: edge.toResource,
    type: parseType(edge.type),
    explanation: edge.explanation ?? null,
    fieldMappings: mappingsView(edge.fieldMappings),
    outcome: outcome ?? null,
  };
}

function parseType(type: string): IntentResourceDependency['type'] {
  return (['IMPLICIT', 'DATA_SOURCE'] as const).find((each) => each === type) ?? 'EXPLICIT';
}

function mappingsView(mappings: Json | undefined): IntentResourceDependency['fieldMappings'] {
  if (!Array.isArray(mappings)) return [];
  return mappings.filter(isJsonObject).map((mapping) => ({
    sourceField: textOf(mapping, 'sourceField'),
    targetField: textOf(mapping, 'targetField'),
    description: typeof mapping['description'] === 'string' ? mapping['description'] : null,
  }));
}
