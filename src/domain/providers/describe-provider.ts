import { badInput } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { findTypes } from '../../storage/provider-schemas.ts';
import type { DomainContext, Request } from '../context.ts';
import { chosenBinary } from './choose-binary.ts';
import { describeBlock, requiredOf } from './describe-block.ts';
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
  const page = { search: query.search ?? undefined, first, after: readCursor(query.after ?? undefined) };
  const { types, total } = await context.storage.read((db) => findTypes(db, program, page));
  const last = types.at(-1);
  const required = requiredOf(configuration);
  const summary = { provider: program.address, version: program.version, required };
  return {
    ...summary,
    summary,
    configuration: describeBlock(configuration),
    resourceTypes: types.filter(({ kind }) => kind === 'RESOURCE').map(({ type }) => type),
    dataSourceTypes: types.filter(({ kind }) => kind === 'DATA_SOURCE').map(({ type }) => type),
    total,
    cursor: last === undefined || types.length < first ? null : writeCursor(`${last.type} ${last.kind}`),
    configError: required.length === 0 ? null : `the provider's configuration needs ${required.join(', ')}`,
  };
}

function writeCursor(position: string): string {
  return Buffer.from(position).toString('base64url');
}

function readCursor(cursor: string | undefined): string | undefined {
  return cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
}
