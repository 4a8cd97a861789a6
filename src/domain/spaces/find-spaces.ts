import { may } from '../../shared/caller.ts';
import { findSpace as findRow, findSpaces as findRows } from '../../storage/spaces.ts';
import type { DomainContext, Request } from '../context.ts';
import { type SpaceRecord, toSpaceRecord } from './space-record.ts';

/** Whoever asks has checked that the caller may read it. */
export async function findSpace(context: DomainContext, _request: Request, id: string): Promise<SpaceRecord | null> {
  const row = await context.storage.read((db) => findRow(db, id));
  return row === undefined ? null : toSpaceRecord(row);
}

/** Spaces by id, in no order, missing ones left out. */
export async function findSpaces(context: DomainContext, ids: readonly string[]): Promise<SpaceRecord[]> {
  const wanted = new Set(ids);
  return (await context.storage.read(findRows)).filter(({ id }) => wanted.has(id)).map(toSpaceRecord);
}

/** The spaces that the caller may read, by id. */
export async function listSpaces(context: DomainContext, { caller }: Request): Promise<SpaceRecord[]> {
  return (await context.storage.read(findRows)).filter(({ id }) => may(caller, 'SPACE_READ', id)).map(toSpaceRecord);
}
