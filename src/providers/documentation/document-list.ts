import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { cleanWords } from './clean-document.ts';

/** What a document is about. */
export type DocumentKind = 'OVERVIEW' | 'RESOURCE' | 'DATA_SOURCE' | 'GUIDE';

/** One document of a provider's documentation. */
export interface DocumentEntry {
  readonly kind: DocumentKind;
  /** As the publisher named its file: `sleep` for `time_sleep`, or all of it. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

/** Under which key the registry lists a kind, which is also the folder that its documents are in. */
const folders = { RESOURCE: 'resources', DATA_SOURCE: 'datasources', GUIDE: 'guides' } as const;
const listed = ['RESOURCE', 'DATA_SOURCE', 'GUIDE'] as const;

const NAME = /^(?!.*\.\.)[A-Za-z0-9._@-]{1,255}$/; // becomes part of an address
const MAX_DOCUMENTS = 20_000; // the largest providers have some 2,500

/** Reads the registry's list for one version; what has no usable name is left out. */
export function parseDocumentList({ docs }: JsonObject): DocumentEntry[] {
  if (!isJsonObject(docs)) return [];
  const overview = isJsonObject(docs['index']) ? [entryOf('OVERVIEW', { ...docs['index'], name: 'index' })] : [];
  return [...overview, ...listed.map((kind) => entriesOf(kind, docs[folders[kind]]))].flat().slice(0, MAX_DOCUMENTS);
}

/** Where a document is, below the folder of its version. */
export function pathOf({ kind, name }: DocumentEntry): string {
  return kind === 'OVERVIEW' ? 'index.md' : `${folders[kind]}/${encodeURIComponent(name)}.md`;
}

function entriesOf(kind: DocumentKind, items: Json | undefined): DocumentEntry[] {
  return Array.isArray(items) ? items.flatMap((item: Json) => (isJsonObject(item) ? entryOf(kind, item) : [])) : [];
}

function entryOf(kind: DocumentKind, { name, title, description }: JsonObject): DocumentEntry[] {
  if (typeof name !== 'string' || !NAME.test(name)) return [];
  return [{ kind, name, title: wordsOf(title), description: wordsOf(description) }];
}

function wordsOf(value: Json | undefined): string {
  return typeof value === 'string' ? cleanWords(value) : '';
}
