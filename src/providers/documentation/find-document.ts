import { AppError, badInput } from '../../shared/errors.ts';
import { suggestName } from '../../shared/suggest-name.ts';
import type { DocumentEntry, DocumentKind } from './document-list.ts';

/** Which document is meant: without a name the overview. */
export interface DocumentWish {
  readonly kind?: DocumentKind | undefined;
  /** A type such as `time_sleep`, or the name of a guide. */
  readonly name?: string | undefined;
}

/** What there is to choose from, and how to call it in a message. */
export interface DocumentShelf {
  /** `hashicorp/time` */
  readonly address: string;
  readonly version: string;
  readonly entries: readonly DocumentEntry[];
}

const MAX_NEAR = 5;
const nouns = { OVERVIEW: 'overview', RESOURCE: 'resource type', DATA_SOURCE: 'data source', GUIDE: 'guide' } as const;

/** @throws AppError BAD_INPUT for a wish that makes no sense, NO_SUCH with names that come near */
export function findDocument(shelf: DocumentShelf, { kind, name }: DocumentWish): DocumentEntry {
  const wanted = name?.trim() ?? '';
  if (wanted === '' && kind !== undefined && kind !== 'OVERVIEW') {
    throw badInput('name', `is missing: say which ${nouns[kind]} is meant`);
  }
  if (wanted !== '' && kind === 'OVERVIEW') throw badInput('name', 'an overview has none; leave it out, or the kind');
  const sort = wanted === '' ? 'OVERVIEW' : kind;
  const entries = shelf.entries.filter((entry) => (sort === undefined ? true : entry.kind === sort));
  const found =
    sort === 'OVERVIEW'
      ? entries[0]
      : spellingsOf(wanted, shelf.address)
          .map((spelling) => entries.find((entry) => entry.name.toLowerCase() === spelling))
          .find((entry) => entry !== undefined);
  if (found === undefined) throw noSuchDocument(shelf, entries, wanted, sort);
  return found;
}

// Publishers name the document of `time_sleep` so, or `sleep`; types of `google-beta` begin with `google_`.
function spellingsOf(name: string, address: string): string[] {
  const plain = name.toLowerCase();
  const type = address.slice(address.lastIndexOf('/') + 1).replaceAll('-', '_');
  const short = plain.startsWith(`${type}_`) ? [plain.slice(type.length + 1)] : [];
  const cut = plain.indexOf('_') === -1 ? [] : [plain.slice(plain.indexOf('_') + 1)];
  return [plain, ...short, `${type}_${plain}`, ...cut];
}

function noSuchDocument(
  { address, version }: DocumentShelf,
  entries: readonly DocumentEntry[],
  name: string,
  kind: DocumentKind | undefined,
): AppError {
  const what = kind === undefined ? 'document' : nouns[kind];
  const named = kind === 'OVERVIEW' ? what : `${what} ${JSON.stringify(name.slice(0, 100))}`;
  const near = nearNames(name, address, entries);
  const advice = near.length === 0 ? 'list the documents there are' : `there is ${near.join(', ')}`;
  return new AppError(
    'NO_SUCH',
    `no such document: the documentation of ${address} ${version} has no ${named}; ${advice}`,
    {
      details: { provider: address, version, near },
    },
  );
}

function nearNames(name: string, address: string, entries: readonly DocumentEntry[]): string[] {
  const spellings = spellingsOf(name, address).filter((spelling) => spelling.length > 2);
  const names = [...new Set(entries.map((entry) => entry.name))];
  const meant = spellings.flatMap((spelling) => suggestName(spelling, names) ?? []);
  const holding = names.filter((each) => spellings.some((spelling) => each.toLowerCase().includes(spelling)));
  return [...new Set([...meant, ...holding])].slice(0, MAX_NEAR);
}
