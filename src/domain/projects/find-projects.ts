import { type Caller, may, placesWith, projectPlace } from '../../shared/caller.ts';
import { findSession } from '../../storage/identity.ts';
import {
  findProject as findRow,
  findProjects as findRows,
  findProjectsById,
  searchProjects as searchRows,
} from '../../storage/projects.ts';
import { countResources as countRows } from '../../storage/resources.ts';
import type { Page, SearchInput } from '../../storage/search.ts';
import type { DomainContext, Request } from '../context.ts';
import { type ProjectRecord, toProjectRecord } from './project-record.ts';

/** Whoever asks has checked that the caller may read it. */
export async function findProject(
  context: DomainContext,
  _request: Request,
  id: string,
): Promise<ProjectRecord | null> {
  const row = await context.storage.read((db) => findRow(db, id));
  return row === undefined ? null : toProjectRecord(row);
}

/** Projects by id, in no order, missing ones left out. */
export async function findProjects(context: DomainContext, ids: readonly string[]): Promise<ProjectRecord[]> {
  return (await context.storage.read((db) => findProjectsById(db, ids))).map(toProjectRecord);
}

/** Projects that the caller may read. */
export async function listProjects(context: DomainContext, { caller }: Request): Promise<ProjectRecord[]> {
  return (await context.storage.read((db) => findRows(db, placesWith(caller, 'SPACE_READ')))).map(toProjectRecord);
}

export async function searchProjects(
  context: DomainContext,
  { caller }: Request,
  input: SearchInput,
): Promise<Page<ProjectRecord>> {
  const page = await context.storage.read((db) => searchRows(db, placesWith(caller, 'SPACE_READ'), input));
  return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: toProjectRecord(node) })) };
}

/** The project that the caller's session selected, while the caller may still read it. */
export async function activeProject(context: DomainContext, { caller }: Request): Promise<ProjectRecord | null> {
  const row = await context.storage.read(async (db) => {
    const selected = (await findSession(db, caller.session))?.currentProject;
    return selected === undefined ? undefined : findRow(db, selected);
  });
  return row !== undefined && may(caller, 'SPACE_READ', projectPlace(row)) ? toProjectRecord(row) : null;
}

export async function isSelected(context: DomainContext, caller: Caller, project: string): Promise<boolean> {
  const session = await context.storage.read((db) => findSession(db, caller.session));
  return session?.currentProject === project;
}

export function countResources(context: DomainContext, project: string): Promise<number> {
  return context.storage.read((db) => countRows(db, project));
}
