import type { Json } from '../../shared/json.ts';
import { noSuchType } from './no-such-type.ts';
import type { SchemaKind } from '../../storage/provider-schemas.ts';
import type { DomainContext, Request } from '../context.ts';
import { chosenBinary } from './choose-binary.ts';
import { badInput } from '../../shared/errors.ts';
import {
  describeBlock,
  type DescribedBlock,
  describeIdentity,
  insideOf,
  type Members,
  nestedNames,
  requiredOf,
} from './describe-block.ts';
import { typeSchema } from './stored-schema.ts';

export interface TypeQuery {
  readonly provider: string;
  readonly version?: string | null | undefined;
  readonly type: string;
  readonly search?: string | null | undefined;
  readonly requiredOnly?: boolean | null | undefined;
  readonly block?: string | null | undefined;
  readonly depth?: number | null | undefined;
  readonly compact?: boolean | null | undefined;
}

export interface TypeDescription {
  readonly provider: string;
  readonly version: string;
  readonly type: string;
  readonly schemaVersion: number;
  readonly identity: Json;
  readonly description: string;
  readonly properties: Json;
  readonly required: readonly string[];
  readonly leftOut: readonly string[];
}

export function describeResource(context: DomainContext, request: Request, query: TypeQuery): Promise<TypeDescription> {
  return describeType(context, request, 'RESOURCE', query);
}

export function describeDataSource(
  context: DomainContext,
  request: Request,
  query: TypeQuery,
): Promise<TypeDescription> {
  return describeType(context, request, 'DATA_SOURCE', query);
}

async function describeType(
  context: DomainContext,
  request: Request,
  kind: SchemaKind,
  query: TypeQuery,
): Promise<TypeDescription> {
  const program = await chosenBinary(context, request, query.provider, query.version ?? undefined);
  const schema = await typeSchema(context, program, kind, query.type);
  if (schema === undefined) throw await noSuchType(context, program, kind, query.type);
  const block = query.block ?? '';
  const members = requireInside(schema.block, query.type, block);
  const { properties, leftOut } = describeFitting(members, query, block);
  return {
    provider: program.address,
    version: program.version,
    type: query.type,
    schemaVersion: schema.version,
    identity: schema.identity === undefined ? null : describeIdentity(schema.identity),
    description: schema.block.description,
    properties,
    required: requiredOf(members),
    leftOut,
  };
}

function requireInside(block: Members, type: string, path: string): Members {
  if (path === '') return block;
  const inside = insideOf(block, path.split('.'));
  if (inside !== undefined) return inside;
  const known = nestedNames(block).slice(0, MAX_NAMES).join(', ');
  const hint = known === '' ? 'nothing is nested in it' : `at its top it has ${known}`;
  throw badInput('block', `${type} has no nested block or attribute ${JSON.stringify(path)}; ${hint}`);
}

const MAX_NAMES = 30;
const MAX_DEPTH = 32;
const MAX_CHARACTERS = 18_000; // about 5,000 tokens, and within what a tool's answer may have
// Whoever gives no depth gets as much as fits.
const attempts = [{ depth: MAX_DEPTH }, { depth: 2 }, { depth: 1 }, { depth: 0 }] as const;

function describeFitting(members: Members, query: TypeQuery, path: string): DescribedBlock {
  const { depth, compact, requiredOnly, search } = query;
  if (depth != null && (depth < 0 || depth > MAX_DEPTH)) throw badInput('depth', `must be 0 to ${MAX_DEPTH}`);
  const words = (search ?? '').toLowerCase().split(/\s+/);
  const filter = {
    words: words.filter((word) => word !== ''),
    requiredOnly: requiredOnly ?? false,
    compact: compact ?? false,
  };
  if (depth != null) return describeBlock(members, { ...filter, depth }, path);
  const tried = attempts.values().map((attempt) => describeBlock(members, { ...filter, ...attempt }, path));
  const fitting = tried.find(({ properties }) => JSON.stringify(properties).length <= MAX_CHARACTERS);
  return fitting ?? describeBlock(members, { ...filter, depth: 0, compact: true }, path);
}
