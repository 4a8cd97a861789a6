import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';

import type { Caller, Origin } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json.ts';
import type { Logger } from '../shared/logger.ts';
import { type AccessTable, type AccessTables, createAccessTable } from './access-table.ts';
import { type ActionBits, createActionBits } from './caller-mask.ts';
import { type Compiler, createCompiler } from './compile-operation.ts';
import { findDifference } from './compiler-differences.ts';
import { createConfirmations, type Confirmations } from './confirmation.ts';
import type { GatewayContext, SpaceOf } from './context.ts';
import { type AccessRefusal, decideAccess, decideConditionalAccess } from './decide-access.ts';
import { createDescriber } from './describe/describer.ts';
import type { DescribeRequest, Discovery, DiscoverySources } from './describe/request.ts';
import { guardSchema } from './guard-schema.ts';
import { createIntrospect, type Introspect } from './introspect.ts';
import { defaultLimits, type GatewayLimits } from './limits.ts';
import { maskErrors } from './mask-errors.ts';
import {
  type CachedOperation,
  createOperationCache,
  defaultCacheLimits,
  type OperationCache,
} from './operation-cache.ts';
import type { ExecutionOutcome } from './outcome.ts';
import { prepareDocument, type PreparedOperation } from './prepare-document.ts';
import type { RefusalHook } from './refusals.ts';
import { refuseUnstorableVariables } from './refuse-unstorable.ts';
import { describeCalls } from './describe-calls.ts';
import { type CoercedVariables, coerceVariables, interpret } from './run-operation.ts';
import { createViews, type Views } from './view.ts';

export interface GatewayOptions<C extends GatewayContext> {
  /** SDL of the whole API. */
  readonly typeDefs: string;
  readonly resolvers: Parameters<typeof makeExecutableSchema<C>>[0]['resolvers'];
  /** A field without a row stops the start. */
  readonly access: AccessTables;
  readonly spaceOf: SpaceOf<C>;
  /** Makes the context of one operation. */
  readonly contextFor: (
    caller: Caller,
    origin: Origin,
    describe: (request: DescribeRequest) => Discovery,
    report: GatewayRequest['report'],
  ) => C;
  readonly limits?: GatewayLimits;
  readonly log: Logger;
  /** Told of every refusal of access, for the audit trail. */
  readonly onRefusal?: RefusalHook;
  /** Counts what an operation costs its caller, before it runs. @throws RATE_LIMITED */
  readonly charge?: (who: { readonly caller: Caller; readonly origin: Origin }, cost: number) => void;
  /** What `describe` tells of tools and of signing in. */
  readonly discovery?: DiscoverySources;
  /** Shared by replicas, so that a confirmation given by one is taken by another; random when absent. */
  readonly confirmationKey?: Uint8Array;
}

export interface GatewayRequest {
  readonly document: string;
  readonly variables?: JsonObject | undefined;
  readonly operationName?: string | undefined;
  readonly caller: Caller;
  readonly origin: Origin;
  /** `query` refuses mutations before anything runs. */
  readonly allow: 'query' | 'any';
  /** Present: fields marked destructive run only with the one-time token that a first call answered with. */
  readonly confirmDestructive?: { readonly token?: string | undefined } | undefined;
  /** Handed to the resolvers: tells the caller what is going on. */
  readonly report?: ((message: string) => void) | undefined;
}

export interface Gateway {
  /** Runs one operation. Never rejects: every failure is in `errors`, masked. */
  execute(request: GatewayRequest): Promise<ExecutionOutcome>;
  /** The API as the caller may use it. @throws AppError for a request that cannot be answered */
  describe(caller: Caller, request: DescribeRequest): Discovery;
  /** Root fields of a document that destroy something; empty when it cannot be read. */
  destructiveFields(document: string, operationName?: string): readonly string[];
}

interface Parts {
  readonly options: GatewayOptions<GatewayContext>;
  readonly schema: GraphQLSchema;
  readonly table: AccessTable;
  readonly bits: ActionBits;
  readonly limits: GatewayLimits;
  readonly cache: OperationCache;
  readonly compiler: Compiler;
  readonly views: Views;
  readonly introspect: Introspect;
  readonly confirmations: Confirmations;
  readonly describe: (caller: Caller, request: DescribeRequest) => Discovery;
}

export function createGateway<C extends GatewayContext>(options: GatewayOptions<C>): Gateway {
  const parts = buildParts(parseOptions(options));
  return {
    execute: (request) => execute(parts, request),
    describe: parts.describe,
    destructiveFields: (document, operationName) => destructiveFields(parts, document, operationName),
  };
}

// Inside, the context is known only by what the gateway reads of it; it is made by `contextFor` and handed back to the
// caller's own resolvers and `spaceOf`, so the narrower type is theirs again.
function parseOptions<C extends GatewayContext>(options: GatewayOptions<C>): GatewayOptions<GatewayContext> {
  return options as unknown as GatewayOptions<GatewayContext>;
}

function buildParts(options: GatewayOptions<GatewayContext>): Parts {
  const table = createAccessTable(options.access);
  const bits = createActionBits(table.actions);
  const onRefusal = options.onRefusal ?? (() => {});
  const plain = makeExecutableSchema({ typeDefs: options.typeDefs, resolvers: options.resolvers ?? {} });
  const schema = guardSchema(plain, { table, spaceOf: options.spaceOf, onRefusal });
  const views = createViews(schema, table, bits);
  return {
    options: { ...options, onRefusal },
    schema,
    table,
    bits,
    limits: options.limits ?? defaultLimits,
    cache: createOperationCache(defaultCacheLimits),
    compiler: createCompiler(schema),
    views,
    introspect: createIntrospect(),
    confirmations: createConfirmations(options.confirmationKey),
    describe: createDescriber(views, options.discovery),
  };
}

async function execute(parts: Parts, request: GatewayRequest): Promise<ExecutionOutcome> {
  const reference = request.origin.requestId;
  try {
    const { prepared, execute: run } = findOperation(parts, request);
    refuseKind(prepared, request);
    refuseAccess(parts, request, decideAccess(prepared.demand, request.caller, parts.bits));
    refuseUnstorableVariables(request.variables);
    const variables = coerceVariables(parts.schema, prepared, request.variables);
    refuseConditionalAccess(parts, request, prepared, variables);
    refuseUnconfirmed(parts, request, prepared, variables);
    parts.options.charge?.(request, prepared.cost(variables));
    const { data, errors } = await run(contextFor(parts, request), variables, request.variables);
    return { data: data ?? null, errors: errors === undefined ? [] : maskErrors(errors, reference, parts.options.log) };
  } catch (error) {
    return { data: undefined, errors: maskErrors([error], reference, parts.options.log) };
  }
}

function findOperation(parts: Parts, request: GatewayRequest): CachedOperation {
  const { document, operationName, caller } = request;
  const stranger = caller.principal.kind === 'ANONYMOUS';
  const key = `${stranger ? 'stranger' : 'caller'} ${operationName ?? ''} ${document}`;
  const cached = parts.cache.get(key);
  if (cached !== undefined) return cached;
  const prepared = prepare(parts, document, operationName, stranger);
  if (prepared.use.readsSchema) {
    return { prepared, execute: parts.introspect(parts.views.schemaFor(caller), prepared, document) };
  }
  if (!parts.cache.wasSeen(key)) return { prepared, execute: interpret(parts.schema, prepared) };
  const operation = { prepared, execute: fastest(parts, prepared) };
  parts.cache.set(key, operation);
  return operation;
}

function prepare(parts: Parts, document: string, operationName: string | undefined, stranger: boolean) {
  const { schema, table, bits, limits, views } = parts;
  const preparation = { schema, strangersSchema: () => views.strangersSchema(), table, bits, limits };
  return prepareDocument(preparation, document, operationName, stranger);
}

function fastest({ schema, compiler }: Parts, prepared: PreparedOperation): CachedOperation['execute'] {
  const difference = findDifference(schema, prepared);
  return difference === undefined ? compiler.compile(prepared) : interpret(schema, prepared);
}

function refuseKind({ operation }: PreparedOperation, { allow }: GatewayRequest): void {
  if (allow === 'any' || operation.operation === 'query') return;
  throw new AppError('BAD_INPUT', 'document: only queries are read here; send a mutation by POST or with `mutate`', {
    details: { expected: 'query' },
  });
}

function refuseAccess(parts: Parts, { caller, origin }: GatewayRequest, refusal: AccessRefusal | undefined): void {
  if (refusal === undefined) return;
  const { error, field, action } = refusal;
  parts.options.onRefusal?.({ caller, origin, code: error.code, field, action, space: undefined });
  throw error;
}

function refuseConditionalAccess(
  parts: Parts,
  request: GatewayRequest,
  { demand }: PreparedOperation,
  variables: CoercedVariables,
): void {
  if (demand.conditional.length === 0) return;
  refuseAccess(parts, request, decideConditionalAccess(demand, request.caller, parts.bits, variables));
}

function refuseUnconfirmed(
  parts: Parts,
  request: GatewayRequest,
  { operation, destructive }: PreparedOperation,
  variables: CoercedVariables,
): void {
  if (request.confirmDestructive === undefined || destructive.length === 0) return;
  const calls = describeCalls(operation, destructive, variables);
  parts.confirmations.require(request, calls, request.confirmDestructive.token);
}

function contextFor({ options, describe }: Parts, { caller, origin, report }: GatewayRequest): GatewayContext {
  return options.contextFor(caller, origin, (request) => describe(caller, request), report);
}

function destructiveFields(parts: Parts, document: string, operationName: string | undefined): readonly string[] {
  try {
    return prepare(parts, document, operationName, false).destructive;
  } catch (error) {
    if (error instanceof AppError) return []; // the document is refused by its own name when it is executed
    throw error;
  }
}
