import { badInput } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { type BinaryKey, findTypes, type SchemaKind } from '../../storage/provider-schemas.ts';
import type { DomainContext, Request } from '../context.ts';
import { chosenBinary } from './choose-binary.ts';
import { describeBlock, requiredOf } from './describe-block.ts';
import { readCursor, writeCursor } from './list-cursor.ts';
import { providerConfiguration } from './stored-schema.ts';

export interface ProviderQuery {
  readonly provider: string;
  readonly version?: string | null | undefined;
  readonly search?: string | null | undefined;
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
}

export interface ProviderSummary {
  readonly provider: string;
  readonly version: string;
  readonly required: readonly string[];
}

export interface ProviderDescription extends ProviderSummary {
  readonly summary: ProviderSummary;
  readonly configuration: Json;
  readonly resourceTypes: readonly string[];
  readonly dataSourceTypes: readonly string[];
  readonly total: number;
  readonly cursor: string | null;
  readonly configError: string | null;
}

const DEFAULT_TYPES = 100;
const MAX_TYPES = 200;

/** What a provider can manage: a page of its types, and its own configuration. */
export async function describeProvider(
  context: DomainContext,
  request: Request,
  query: ProviderQuery,
): Promise<ProviderDescription> {
  const first = query.first ?? DEFAULT_TYPES;
  if (first < 1 || first > MAX_TYPES) throw badInput('first', `must be from 1 to ${MAX_TYPES}, not ${first}`);
  const program = await chosenBinary(context, request, query.provider, query.version ?? undefined);
  const configuration = await providerConfiguration(context, program);
  const { types, total, cursor } = await pageOfTypes(context, program, { ...query, first });
  const required = requiredOf(configuration);
  const summary = { provider: program.address, version: program.version, required };
  return {
    ...summary,
    summary,
    configuration: describeBlock(configuration).properties,
    resourceTypes: types.filter(({ kind }) => kind === 'RESOURCE').map(({ type }) => type),
    dataSourceTypes: types.filter(({ kind }) => kind === 'DATA_SOURCE').map(({ type }) => type),
    total,
    cursor,
    configError: required.length === 0 ? null : `the provider's configuration needs ${required.join(', ')}`,
  };
}

interface NamedType {
  readonly kind: SchemaKind;
  readonly type: string;
}

/** Both kinds in one list, in the order of their names: large providers have 1,500 of them, which is some 40 kB. */
async function pageOfTypes(
  context: DomainContext,
  program: BinaryKey,
  { search, first, after }: ProviderQuery & { readonly first: number },
): Promise<{ types: readonly NamedType[]; total: number; cursor: string | null }> {
  const words = (search ?? '').split(/\s+/).filter((word) => word !== '');
  const [resources, dataSources] = await context.storage.read((db) =>
    Promise.all([findTypes(db, program, 'RESOURCE', words), findTypes(db, program, 'DATA_SOURCE', words)]),
  );
  const all = [...named('RESOURCE', resources), ...named('DATA_SOURCE', dataSources)].toSorted((a, b) =>
    place(a) < place(b) ? -1 : 1,
  );
  const start = after == null ? 0 : all.findIndex((each) => place(each) > readCursor(after));
  const types = start === -1 ? [] : all.slice(start, start + first);
  const last = types.at(-1);
  const more = last !== undefined && start + first < all.length;
  return { types, total: all.length, cursor: more ? writeCursor(place(last)) : null };
}

function named(kind: SchemaKind, types: readonly string[]): NamedType[] {
  return types.map((type) => ({ kind, type }));
}

const place = ({ type, kind }: NamedType): string => `${type} ${kind}`;
