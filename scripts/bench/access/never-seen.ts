// The first request and the first introspection of callers whose set of rights nobody had before.
import { makeExecutableSchema } from '@graphql-tools/schema';
import { filterSchema, pruneSchema } from '@graphql-tools/utils';
import {
  buildClientSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  type IntrospectionQuery,
  introspectionFromSchema,
  isEnumType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';

import { type Action, actions } from '../../../generated/enums.ts';
import { createGateway, type Gateway } from '../../../src/gateway/index.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import { silentLogger } from '../../../src/shared/logger.ts';
import { createRandom, type Random } from '../../../src/testing/campaign.ts';
import { largeResolvers, type LargeSchema, makeLargeSchema } from './large-schema.ts';
import { type AccessRow, median, rangeOf } from './rows.ts';

const REQUESTS = 300;
const VIEWS = 10;
const COMPARED = 25;
const origin = { via: 'GRAPHQL', requestId: 'bench', remoteAddress: undefined, client: undefined } as const;
const document = 'query ($id: ID!) { thing0(id: $id) { id } }';

export async function measureNeverSeen(): Promise<AccessRow[]> {
  const large = makeLargeSchema();
  const gateway = gatewayOf(large);
  const schema = makeExecutableSchema({ typeDefs: large.typeDefs });
  const random = createRandom('never seen');
  const size = `${(large.typeDefs.length / 1e6).toFixed(2)} MB of SDL, made up`;
  const requests = await timeRequests(gateway, random);
  const ours = await times(VIEWS, () => introspect(gateway, someCaller(random)));
  const theirs = await times(VIEWS, () => introspectionFromSchema(filtered(schema, large, someCaller(random))));
  await compareViews(gateway, schema, large, random);
  const ratios = ours.map((value, at) => value / (theirs[at] ?? Number.NaN));
  return [
    {
      what: 'first request of a set of rights',
      subject: 'sluice',
      value: median(requests),
      unit: 'CPU ms',
      range: rangeOf(requests),
      note: size,
    },
    {
      what: 'first introspection of a set of rights',
      subject: 'sluice',
      value: median(ours),
      unit: 'CPU ms',
      range: rangeOf(ours),
      note: `equal to the filtered schema for ${COMPARED} of ${COMPARED} sets`,
    },
    {
      what: 'first introspection of a set of rights',
      subject: 'filterSchema, pruneSchema and introspection',
      value: median(theirs),
      unit: 'CPU ms',
      range: rangeOf(theirs),
      note: '@graphql-tools/utils',
    },
    {
      what: 'first introspection of a set of rights',
      subject: 'sluice : filterSchema',
      value: median(ratios),
      unit: 'ratio',
      range: rangeOf(ratios),
      note: 'median of pairs',
    },
  ];
}

function gatewayOf({ typeDefs, access }: LargeSchema): Gateway {
  return createGateway({
    typeDefs,
    resolvers: largeResolvers,
    access,
    spaceOf: {},
    contextFor: (caller, from) => ({ caller, origin: from }),
    log: silentLogger,
  });
}

/** Always with the actions that the request needs, and else at random. */
function someCaller(random: Random): Caller {
  const held = new Set<Action>(actions.filter((_, at) => at === 0 || random.chance(0.5)));
  return {
    principal: { kind: 'USER', id: 'bench', name: 'bench' },
    session: 'bench',
    scopes: new Set(random.chance(0.5) ? ['mcp:read'] : ['mcp:write']),
    grants: new Map([['root', held]]),
  };
}

async function timeRequests(gateway: Gateway, random: Random): Promise<number[]> {
  const ask = async (caller: Caller): Promise<void> => {
    const { data, errors } = await gateway.execute({ document, variables: { id: 'x' }, caller, origin, allow: 'any' });
    if (JSON.stringify(data) !== '{"thing0":{"id":"x"}}') throw new Error(`a wrong answer: ${JSON.stringify(errors)}`);
  };
  await times(100, () => ask(someCaller(random)));
  return times(REQUESTS, () => ask(someCaller(random)));
}

async function introspect(gateway: Gateway, caller: Caller): Promise<IntrospectionQuery> {
  const { data, errors } = await gateway.execute({ document: getIntrospectionQuery(), caller, origin, allow: 'query' });
  if (errors.length > 0) throw new Error(errors[0]?.message);
  return data as unknown as IntrospectionQuery; // the answer to the query that asks for one
}

/** What somebody would write with the library: keep what the caller holds the actions and scopes for. */
function filtered(schema: GraphQLSchema, { access }: LargeSchema, caller: Caller): GraphQLSchema {
  const held = new Set<string>([...caller.grants.values()].flatMap((set) => [...set]));
  const scopes = new Set<string>(caller.scopes.has('mcp:write') ? ['mcp:read', 'mcp:write'] : caller.scopes);
  const opens = (row: LargeSchema['access']['typeAccess'][string] | undefined): boolean =>
    row === undefined ||
    (row.actions.every(({ action }) => held.has(action)) &&
      (row.scopes.length === 0 || row.scopes.some((list) => list.every((scope) => scopes.has(scope)))));
  const keep = (type: string, field: string): boolean =>
    opens(access.fieldAccess[`${type}.${field}`]) && opens(access.typeAccess[type]);
  const things = Object.keys(access.typeAccess).filter((type) => /^Thing\d+$/.test(type));
  const some = filterSchema({
    schema,
    rootFieldFilter: (operation, field) => keep(operation, field ?? ''),
    objectFieldFilter: (type, field) => keep(type, field ?? ''),
    // As here: shown while every type that has the interface shows the field.
    interfaceFieldFilter: (_type, field) => things.every((type) => keep(type, field ?? '')),
  });
  return pruneSchema(some, { skipPruning: (type) => isEnumType(type) && type.name === 'Action' });
}

async function compareViews(
  gateway: Gateway,
  schema: GraphQLSchema,
  large: LargeSchema,
  random: Random,
): Promise<void> {
  const print = (one: GraphQLSchema): string => printSchema(lexicographicSortSchema(one));
  for (let at = 0; at < COMPARED; at += 1) {
    const caller = someCaller(random);
    const ours = print(buildClientSchema(await introspect(gateway, caller)));
    if (ours !== print(filtered(schema, large, caller))) throw new Error(`view ${at} is not the filtered schema`);
  }
}

/** Milliseconds of CPU of each of several runs, one after the other. */
async function times(count: number, run: () => unknown): Promise<number[]> {
  const measured: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    measured.push((user + system) / 1000);
  }
  return measured;
}
