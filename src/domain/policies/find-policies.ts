import { spacesWith } from '../../shared/caller.ts';
import {
  findPolicies as findRows,
  findPoliciesById,
  findPolicy as findRow,
  searchPolicies as searchRows,
} from '../../storage/policies.ts';
import type { Page, SearchInput } from '../../storage/search.ts';
import type { DomainContext, Request } from '../context.ts';
import { type PolicyRecord, toPolicyRecord } from './policy-record.ts';

/** Whoever asks has checked that the caller may read it. */
export async function findPolicy(context: DomainContext, _request: Request, id: string): Promise<PolicyRecord | null> {
  const row = await context.storage.read((db) => findRow(db, id));
  return row === undefined ? null : toPolicyRecord(row);
}

/** Policies by id, in no order, missing ones left out. */
export async function findPolicies(context: DomainContext, ids: readonly string[]): Promise<PolicyRecord[]> {
  return (await context.storage.read((db) => findPoliciesById(db, ids))).map(toPolicyRecord);
}

/** Policies in the spaces that the caller may read, by name. */
export async function listPolicies(
  context: DomainContext,
  { caller }: Request,
  narrow: { readonly type?: string } = {},
): Promise<PolicyRecord[]> {
  const rows = await context.storage.read((db) => findRows(db, spacesWith(caller, 'SPACE_READ')));
  return rows.filter(({ type }) => narrow.type === undefined || type === narrow.type).map(toPolicyRecord);
}

export async function searchPolicies(
  context: DomainContext,
  { caller }: Request,
  input: SearchInput,
): Promise<Page<PolicyRecord>> {
  const page = await context.storage.read((db) => searchRows(db, spacesWith(caller, 'SPACE_READ'), input));
  return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: toPolicyRecord(node) })) };
}
