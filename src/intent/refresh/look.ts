import type { Request } from '../../domain/context.ts';
import type { IntentPolicyInput } from '../../policy/index.ts';
import { equalValues } from '../../providers/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findDependencies } from '../../storage/dependencies.ts';
import { findProjectPolicies } from '../../storage/policies.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import { findResourceTypes, type ResourceRow } from '../../storage/resources.ts';
import { findLineage } from '../../storage/spaces.ts';
import type { Engine } from '../engine.ts';
import { openObject } from '../journal/object-store.ts';
import { readShown, type ShownPlan } from '../journal/stored.ts';
import { decidedAtOnce, denied } from '../judgement/denied.ts';
import { type Background, judge } from '../judgement/judge.ts';
import { inProject } from '../provider/in-project.ts';
import { loadType } from '../provider/load-type.ts';
import type { LoadedType } from '../provider/loaded-type.ts';
import { readObject } from '../provider/read-object.ts';

/** Looks at a resource. @returns whether it is as recorded @throws what keeps the resource from being read */
export type Look = (row: ResourceRow) => Promise<boolean>;

interface Looking {
  readonly engine: Engine;
  readonly request: Request;
  readonly project: ProjectRow;
}

/**
 * Looks at many resources of a project without writing anything: their providers are loaded once, and what policies need
 * to know is read once. Policies judge each look as they judge a refresh.
 */
export async function openLook(looking: Looking): Promise<Look> {
  const { engine, project } = looking;
  const known = await engine.domain.storage.read((db) => readBackground(db, project));
  const load = loadOnce(looking);
  return async (row) => {
    if (row.condition !== 'OK' && row.condition !== 'TAINTED') return false;
    const loaded = await load(row);
    if (!(await isAsRecorded(engine, loaded, row))) return false;
    if (known.policies.length > 0) await judgeLook(looking, row, loaded, known);
    return true;
  };
}

type Known = Omit<Background, 'dependencies'> & { readonly neighborsOf: (id: string) => Background['dependencies'] };

async function readBackground(db: Db, project: ProjectRow): Promise<Known> {
  const policies = await findProjectPolicies(db, project.id);
  const edges = policies.length === 0 ? [] : await findDependencies(db, project.id);
  const ids = new Set(edges.flatMap(({ fromResource, toResource }) => [fromResource, toResource]));
  const types = ids.size === 0 ? new Map<string, string>() : await findResourceTypes(db, project.id, [...ids]);
  const [up, down] = [new Map<string, Neighbor[]>(), new Map<string, Neighbor[]>()];
  const put = (map: Map<string, Neighbor[]>, from: string, to: string): void => {
    const list = map.get(from) ?? [];
    map.set(from, list);
    list.push({ resource_id: to, resource_type: types.get(to) ?? '' });
  };
  for (const { fromResource, toResource } of edges) {
    put(up, fromResource, toResource);
    put(down, toResource, fromResource);
  }
  const neighborsOf = (id: string) => ({ upstream: up.get(id) ?? [], downstream: down.get(id) ?? [] });
  return { policies, spaces: await findLineage(db, project.space), neighborsOf };
}

type Neighbor = IntentPolicyInput['dependencies']['upstream'][number];

function loadOnce({ engine, request, project }: Looking): (row: ResourceRow) => Promise<LoadedType> {
  const types = new Map<string, Promise<LoadedType>>();
  return ({ provider, version, type, providerAlias }) => {
    const key = JSON.stringify([provider, version, type, providerAlias ?? null]);
    const known = types.get(key);
    if (known !== undefined) return known;
    const loading = loadType(engine.domain, request, { provider, version, type, kind: 'RESOURCE' }).then((loaded) =>
      inProject(engine.domain, loaded, project.id, providerAlias),
    );
    types.set(key, loading);
    // What is refused stays refused for this look; what was only out of reach is tried again for the next resource.
    loading.catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'UNAVAILABLE') types.delete(key);
    });
    return loading;
  };
}

/** The provider's own notes count too: a refresh records them. */
async function isAsRecorded({ domain, limits }: Engine, loaded: LoadedType, row: ResourceRow): Promise<boolean> {
  const call = { operationId: row.id, timeoutMs: limits.callMs };
  const known = await openObject(domain.executor, loaded, row, call);
  const { object } = await readObject(domain.executor, loaded, known, call);
  if (object.value === null || !equalValues(known.value, object.value)) return false;
  return Buffer.compare(known.private, object.private) === 0;
}

async function judgeLook(
  { engine, request, project }: Looking,
  row: ResourceRow,
  loaded: LoadedType,
  { neighborsOf, ...known }: Known,
): Promise<void> {
  const { resourceId: resourceID, provider, version, type } = row;
  const subject = { kind: 'REFRESH', resourceID, provider, version, type, schema: loaded.schema.block } as const;
  const question = { ...subject, config: undefined, plan: asRecorded(row), project, request, operation: undefined };
  const decision = await judge(engine.domain, question, { ...known, dependencies: neighborsOf(resourceID) });
  const { outcome, deny } = decidedAtOnce(decision, 'no policy allows it: refresh it by itself and have that reviewed');
  if (outcome === 'DENIED') throw denied('refresh', deny);
}

function asRecorded({ state }: ResourceRow): ShownPlan {
  const { value, redacted } = readShown(state);
  return { action: 'read', before: value, after: value, afterUnknown: [], replacePaths: [], redacted };
}
