import type { Json } from '../../shared/json.ts';
import { noSuchType } from './no-such-type.ts';
import type { SchemaKind } from '../../storage/provider-schemas.ts';
import type { DomainContext, Request } from '../context.ts';
import { chosenBinary } from './choose-binary.ts';
import { describeBlock, describeIdentity, requiredOf } from './describe-block.ts';
import { typeSchema } from './stored-schema.ts';

export interface TypeQuery {
  readonly provider: string;
  readonly version?: string | null | undefined;
  readonly type: string;
  readonly search?: string | null | undefined;
  readonly requiredOnly?: boolean | null | undefined;
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
  const words = (query.search ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return {
    provider: program.address,
    version: program.version,
    type: query.type,
    schemaVersion: schema.version,
    identity: schema.identity === undefined ? null : describeIdentity(schema.identity),
    description: schema.block.description,
    properties: describeBlock(schema.block, { words, requiredOnly: query.requiredOnly ?? false }),
    required: requiredOf(schema.block),
  };
}
