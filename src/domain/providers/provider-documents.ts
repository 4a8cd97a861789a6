import type { DocumentEntry, DocumentKind } from '../../providers/index.ts';
import { badInput } from '../../shared/errors.ts';
import type { DomainContext, Request } from '../context.ts';
import { pagesOf } from './document-pages.ts';
import { readCursor, writeCursor } from './list-cursor.ts';

interface DocumentationQuery {
  readonly provider: string;
  readonly version?: string | null | undefined;
  readonly kind?: DocumentKind | null | undefined;
}

export interface DocumentQuery extends DocumentationQuery {
  readonly name?: string | null | undefined;
  readonly page?: number | null | undefined;
}

export interface DocumentPage {
  readonly provider: string;
  readonly version: string;
  readonly kind: DocumentKind;
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly page: number;
  readonly pages: number;
}

/** A page of what the publisher of a provider wrote. Nothing is installed or started for it. */
export async function readDocument(
  context: DomainContext,
  _request: Request,
  query: DocumentQuery,
): Promise<DocumentPage> {
  const documentation = await context.providers.documentation(query.provider, query.version ?? undefined);
  const { address, version } = documentation;
  const { entry, text } = await documentation.read({ kind: query.kind ?? undefined, name: query.name ?? undefined });
  const pages = pagesOf(text);
  const page = query.page ?? 1;
  const shown = pages[page - 1];
  if (shown === undefined) throw badInput('page', `must be from 1 to ${pages.length}, not ${page}`);
  const { kind, name, title } = entry;
  return { provider: address, version, kind, name, title, text: shown, page, pages: pages.length };
}

export interface DocumentListQuery extends DocumentationQuery {
  readonly search?: string | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export interface DocumentList {
  readonly provider: string;
  readonly version: string;
  readonly documents: readonly DocumentEntry[];
  readonly total: number;
  readonly cursor: string | null;
}

const DEFAULT_DOCUMENTS = 50;
const MAX_DOCUMENTS = 200;

/** A page of the documents that a provider has, in the order of their kinds and names. */
export async function listDocuments(
  context: DomainContext,
  _request: Request,
  query: DocumentListQuery,
): Promise<DocumentList> {
  const first = query.first ?? DEFAULT_DOCUMENTS;
  if (first < 1 || first > MAX_DOCUMENTS) throw badInput('first', `must be from 1 to ${MAX_DOCUMENTS}, not ${first}`);
  const { address, version, entries } = await context.providers.documentation(
    query.provider,
    query.version ?? undefined,
  );
  const all = entries.filter((entry) => isMeant(entry, query)).toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
  const from = query.after == null ? '' : readCursor(query.after);
  const rest = all.filter((entry) => place(entry) > from);
  const documents = rest.slice(0, first);
  const last = documents.at(-1);
  const cursor = last === undefined || rest.length === documents.length ? null : writeCursor(place(last));
  return { provider: address, version, documents, total: all.length, cursor };
}

const order = ['OVERVIEW', 'GUIDE', 'RESOURCE', 'DATA_SOURCE'] as const;

const place = ({ kind, name }: DocumentEntry): string => `${order.indexOf(kind)} ${name}`;

function isMeant({ kind, name, title, description }: DocumentEntry, query: DocumentListQuery): boolean {
  if (query.kind != null && kind !== query.kind) return false;
  const text = `${name} ${title} ${description}`.toLowerCase();
  return (query.search ?? '')
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
