import type { IntentPolicyInput } from '../../policy/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import type { ChangeSetRow } from '../../storage/change-sets.ts';
import type { Db } from '../../storage/database.ts';
import { findDependencies } from '../../storage/dependencies.ts';
import { findProjectPolicies } from '../../storage/policies.ts';
import { findMembers, type OperationRow } from '../../storage/operations.ts';
import type { ProjectRow } from '../../storage/projects.ts';
import { findResourcesById, type ResourceRow } from '../../storage/resources.ts';
import { findLineage } from '../../storage/spaces.ts';
import type { Engine } from '../engine.ts';
import type { Background } from '../judgement/judge.ts';
import { createGroupWriter, type Writer } from '../journal/group-writer.ts';
import { openObject } from '../journal/object-store.ts';
import { inProject } from '../provider/in-project.ts';
import { loadType } from '../provider/load-type.ts';
import type { LoadedType } from '../provider/loaded-type.ts';
import type { Change } from './change.ts';
import type { Holdings } from './compose.ts';
import type { Source } from './references/look-up.ts';

/** A change set on its way: what its changes share, so that a thousand of them do not ask a thousand times. */
export interface SetWork {
  readonly engine: Engine;
  readonly request: Request;
  readonly set: ChangeSetRow;
  /** As it was when its lock was taken. */
  readonly project: ProjectRow;
  readonly changes: readonly Change[];
  /** The last attempt at each change, by its position; none before the set was planned. */
  readonly rows: ReadonlyMap<number, OperationRow>;
  /** Resources that the changes are about or refer to, as they were at the start. */
  readonly resources: ReadonlyMap<string, ResourceRow>;
  readonly neighbors: Neighbors;
  /** What references find: planned objects, then real ones. */
  readonly sources: Map<string, Source>;
  /** Operations that are neither waiting for their turn to act nor at their end. */
  readonly atWork: Set<string>;
  /** The operations of a set write their journals together. */
  readonly writer: Writer;
  readonly load: (change: Change) => Promise<LoadedType>;
  readonly loadNamed: (name: Name) => Promise<LoadedType>;
  readonly policies: () => Promise<Pick<Background, 'policies' | 'spaces'>>;
}

const POLICIES_MAX_AGE_MS = 1_000; // a policy changed under a running change set counts from then on

type Given = Pick<SetWork, 'engine' | 'request' | 'set' | 'project' | 'changes'>;

/** Reads what the changes share. */
export async function openSet(given: Given): Promise<SetWork> {
  const { engine, changes, project } = given;
  const ids = new Set(changes.flatMap(({ ask, references }) => [ask.resourceID, ...targetsOf(references)]));
  const { members, ...holdings } = await engine.domain.storage.read(async (db) => ({
    ...(await holdingsOf(db, project.id, [...ids])),
    members: await findMembers(db, given.set.id),
  }));
  const { resources } = holdings;
  const atWork = new Set<string>();
  const types = new Map<string, Promise<LoadedType>>();
  const loadNamed = (name: Name): Promise<LoadedType> => loadOnce(given, types, name);
  return {
    ...given,
    rows: new Map(members.map((row) => [row.changePosition ?? -1, row])),
    resources,
    neighbors: neighborsOf(changes, holdings),
    sources: new Map(),
    writer: createGroupWriter(engine.domain.storage, { project: project.id, fence: project.fence }, () => atWork.size),
    atWork,
    load: (change) => loadNamed(nameOf(change, resources)),
    loadNamed,
    policies: keptFor(POLICIES_MAX_AGE_MS, () => readPolicies(given)),
  };
}

function targetsOf(references: Change['references']): string[] {
  return [...references.values()].map(({ resourceID }) => resourceID);
}

/** Some resources of a project, and all of its edges. */
export async function holdingsOf(db: Db, project: string, ids: readonly string[]): Promise<Holdings> {
  return { resources: await findResourcesById(db, project, ids), edges: await findDependencies(db, project) };
}

interface Name {
  readonly provider: string;
  readonly version: string | undefined;
  readonly type: string;
  readonly alias: string | undefined;
}

function nameOf({ ask }: Change, resources: ReadonlyMap<string, ResourceRow>): Name {
  const own = resources.get(ask.resourceID);
  if (own !== undefined) return rowName(own);
  return { provider: ask.provider ?? '', version: ask.version, type: ask.type ?? '', alias: ask.providerAlias };
}

function rowName({ provider, version, type, providerAlias }: ResourceRow): Name {
  return { provider, version, type, alias: providerAlias };
}

function loadOnce(given: Given, types: Map<string, Promise<LoadedType>>, name: Name): Promise<LoadedType> {
  const key = JSON.stringify([name.provider, name.version ?? null, name.type, name.alias ?? null]);
  const known = types.get(key);
  if (known !== undefined) return known;
  const { engine, request, project } = given;
  const { alias, ...type } = name;
  const loading = loadType(engine.domain, request, { ...type, kind: 'RESOURCE' }).then((loaded) =>
    inProject(engine.domain, loaded, project.id, alias),
  );
  types.set(key, loading);
  loading.catch(() => types.delete(key));
  return loading;
}

function readPolicies({ engine, project }: Given): Promise<Pick<Background, 'policies' | 'spaces'>> {
  return engine.domain.storage.read(async (db) => ({
    policies: await findProjectPolicies(db, project.id),
    spaces: await findLineage(db, project.space),
  }));
}

function keptFor<T>(maxAgeMs: number, read: () => Promise<T>): () => Promise<T> {
  let kept: { readonly value: Promise<T>; readonly at: number } | undefined;
  return () => {
    const now = performance.now();
    if (kept === undefined || now - kept.at > maxAgeMs) kept = { value: read(), at: now };
    return kept.value;
  };
}

/**
 * Sees that everything a change refers to can be looked up: the other changes of the set left theirs when they were
 * done, and what is not in the set is read from its record.
 */
export async function openSources(work: SetWork, change: Change): Promise<void> {
  for (const id of targetsOf(change.references)) {
    if (!work.sources.has(id)) work.sources.set(id, await recordedSource(work, id));
  }
}

async function recordedSource(work: SetWork, id: string): Promise<Source> {
  const { engine } = work;
  const row = work.resources.get(id);
  if (row?.state === undefined || row.condition === 'INDETERMINATE' || row.condition === 'GONE') {
    const why = row === undefined ? 'is not there' : `is ${row.condition}: refresh or resume it first`;
    throw new AppError('CONFLICT', `resource ${JSON.stringify(id)}, which a change refers to, ${why}`);
  }
  const loaded = await work.loadNamed(rowName(row));
  const call = { operationId: work.set.id, timeoutMs: engine.limits.callMs };
  const { value } = await openObject(engine.domain.executor, loaded, row, call);
  return { value, valueType: loaded.valueType, block: loaded.schema.block };
}

/** What a change needs and what needs it, for policies. */
export function neighborsIn({ neighbors }: SetWork, { ask }: Change): Neighborhood {
  const named = (ids: ReadonlySet<string> | undefined) =>
    [...(ids ?? [])].map((id) => ({ resource_id: id, resource_type: neighbors.types.get(id) ?? '' }));
  return { upstream: named(neighbors.up.get(ask.resourceID)), downstream: named(neighbors.down.get(ask.resourceID)) };
}

type Neighborhood = IntentPolicyInput['dependencies'];

interface Neighbors {
  readonly up: ReadonlyMap<string, ReadonlySet<string>>;
  readonly down: ReadonlyMap<string, ReadonlySet<string>>;
  readonly types: ReadonlyMap<string, string>;
}

function neighborsOf(changes: readonly Change[], { resources, edges }: Holdings): Neighbors {
  const [up, down] = [new Map<string, Set<string>>(), new Map<string, Set<string>>()];
  const put = (map: Map<string, Set<string>>, key: string, id: string): void => {
    map.set(key, (map.get(key) ?? new Set()).add(id));
  };
  const join = (from: string, to: string): void => {
    put(up, from, to);
    put(down, to, from);
  };
  for (const { fromResource, toResource } of edges) join(fromResource, toResource);
  for (const { ask, references } of changes) for (const id of targetsOf(references)) join(ask.resourceID, id);
  const types = new Map(changes.map(({ ask }) => [ask.resourceID, ask.type ?? '']));
  for (const { resourceId, type } of resources.values()) types.set(resourceId, type);
  return { up, down, types };
}
