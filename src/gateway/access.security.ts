import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { makeExecutableSchema } from '@graphql-tools/schema';
import { getNamedType, type GraphQLObjectType, isInterfaceType, isObjectType, isUnionType } from 'graphql';

import { fieldAccess, typeAccess } from '../../generated/access.ts';
import { type Action, actions } from '../../generated/enums.ts';
import { systemRoles } from '../domain/identity/system-roles.ts';
import { anonymous, type Caller, type Scope } from '../shared/caller.ts';
import type { JsonObject } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { findTargets, makeQuestion, type Question, type Target } from '../testing/access-documents.ts';
import { type Bench, isReadable, judge, mayUse, type Verdict } from '../testing/access-judge.ts';
import { readAccessRules } from '../testing/access-rules.ts';
import { spaces, type World, worldResolvers, worldSpaceOf } from '../testing/access-world.ts';
import { campaign, campaignSeed, createRandom, type Random } from '../testing/campaign.ts';
import { startMcpServer } from '../testing/mcp-server.ts';
import {
  createGateway,
  defaultLimits,
  type Gateway,
  type GatewayContext,
  type ExecutionOutcome,
  type GatewayOptions,
} from './index.ts';

// The real API with made-up objects: random documents, random callers, and an oracle that knows the rules from the
// schema's directives only. Two fields are added, because the API has no interface and no union yet.
const more = `
  interface Spaced { id: ID! }
  extend type Space implements Spaced
  extend type IntentProject implements Spaced
  extend type Policy implements Spaced
  union Anything = Space | IntentProject | IntentOperation | ApiKey | PageInfo
  extend type Query {
    spaced(id: ID!): Spaced @authenticated
    anything: Anything @authenticated
    everything: [Anything]! @authenticated
    spacedStrictly: Spaced! @authenticated
  }
`;
const moreAccess = Object.fromEntries(
  ['spaced', 'anything', 'everything', 'spacedStrictly'].map((field) => [
    `Query.${field}`,
    { public: false, scopes: [['mcp:read' as const]], actions: [], destructive: false },
  ]),
);
const typeDefs = `${readFileSync(resolve(import.meta.dirname, '../../generated/schema.graphql'), 'utf8')}\n${more.replaceAll('@authenticated', '')}`;
const rules = readAccessRules(more);
const schema = makeExecutableSchema({ typeDefs });
const world: World = {
  schema,
  spaceFields: new Map(
    Object.keys(schema.getTypeMap()).flatMap((type) => {
      const field = /^parent\.(\w+)(?:\/\w+)?$/.exec(rules.ofType(type)?.demands[0]?.space ?? '')?.[1];
      return field === undefined ? [] : [[type, field] as const];
    }),
  ),
  readable: (thing, caller) => isReadable(rules, thing, caller),
};
const bench: Bench = { schema, rules, world };
type Tables = Pick<GatewayOptions<GatewayContext>, 'access'>['access'];
const access: Tables = { typeAccess, fieldAccess: { ...fieldAccess, ...moreAccess } };
// Ids of the requests for which something ran; what one leaves running may end later.
const ran = new Set<string>();
const openGateway = (tables: Tables): Gateway =>
  createGateway({
    typeDefs,
    resolvers: worldResolvers(world, (requestId) => ran.add(requestId)),
    access: tables,
    spaceOf: worldSpaceOf(rules.nouns),
    contextFor: (caller, origin) => ({ caller, origin }),
    limits: { ...defaultLimits, aliases: 200, directives: 200, tokens: 5_000 }, // not what is tried here
    log: silentLogger,
  });
const gateway = openGateway(access);
const targets = findTargets(schema);
const roles: readonly (readonly Action[])[] = systemRoles.map((role) => role.actions);

/** Strangers, single roles here and there, and sets of actions that no role has. */
function someCaller(random: Random): Caller {
  if (random.chance(0.08)) return anonymous;
  const scopes = random.pick<readonly Scope[]>([
    ['mcp:read'],
    ['mcp:write'],
    ['mcp:read', 'mcp:write'],
    ['mcp:write'],
    [],
  ]);
  const grants = new Map<string, ReadonlySet<Action>>();
  for (const space of spaces) {
    if (random.chance(0.35)) continue;
    const share = random.next();
    const some = random.chance(0.6) ? random.pick(roles) : actions.filter(() => random.chance(share));
    grants.set(space, new Set(some));
  }
  return Object.freeze({
    principal: { kind: 'USER', id: `user-${random.below(1000)}`, name: 'somebody' },
    session: 'session',
    scopes: new Set(scopes),
    grants,
  } as const);
}

function ask(door: Pick<Gateway, 'execute'>, question: Question, caller: Caller, requestId: string) {
  return door.execute({
    document: question.text,
    variables: question.variables,
    operationName: question.operationName,
    caller,
    origin: { via: 'GRAPHQL', requestId, remoteAddress: undefined, client: undefined },
    allow: 'any',
  });
}

/** Asks and compares. @throws where the answer is not what the rules say */
async function compare(
  door: Pick<Gateway, 'execute'>,
  question: Question,
  caller: Caller,
  requestId: string,
): Promise<Verdict> {
  const expected = judge(bench, question, caller, requestId);
  const { data, errors } = await ask(door, question, caller, requestId);
  const about = `${question.text}\n${JSON.stringify(question.variables)}\n${describeCaller(caller)}\n${JSON.stringify(errors)}`;
  const codes = errors.map(({ extensions }) => extensions.code);
  if (expected.refused !== undefined) {
    const allowed: ReadonlySet<string> = expected.refused;
    assert.ok(codes[0] !== undefined && allowed.has(codes[0]), `${[...allowed].join(' or ')} expected: ${about}`);
    assert.equal(data, undefined, about);
    assert.equal(ran.has(requestId), false, `something ran: ${about}`);
    return expected;
  }
  assert.deepEqual(plain(data), plain(expected.data), about);
  for (const { path = [], extensions } of errors) {
    const told = `${path.join('.')} ${extensions.code}`;
    assert.ok(expected.errors.has(told), `${told} is not of ${[...expected.errors].join(', ')}: ${about}`);
  }
  assert.equal(errors.length > 0, expected.errors.size > 0, about);
  assert.doesNotMatch(JSON.stringify(errors), /mark-/, `an error tells what may not be read: ${about}`);
  return expected;
}

const plain = (data: unknown): unknown => JSON.parse(JSON.stringify(data ?? null));

function describeCaller({ principal, scopes, grants }: Caller): string {
  const held = [...grants].map(
    ([space, set]) => `${space}: ${set.size > 20 ? `${set.size} actions` : [...set].join(' ')}`,
  );
  return `${principal.kind} scopes ${[...scopes].join(' ')}; ${held.join('; ')}`;
}

const documents = campaign('random documents', { short: 1_000, tenth: 10_000, full: 100_000 });
const byMcp = campaign('by MCP', { short: 100, tenth: 1_000, full: 10_000 });
const views = campaign('introspection', { short: 20, tenth: 200, full: 2_000 });
const CALLERS = 3; // the first is served by interpreting, the second compiles, the third finds it compiled

describe('authorization, by every route', () => {
  const stops: (() => Promise<void>)[] = [];
  after(async () => {
    for (const stop of stops) await stop(); // also when a test has failed: an open server keeps the process alive
  });

  it(`agrees with the directives of the schema: ${documents.count} random documents, ${CALLERS} callers each`, async () => {
    const seen = { decisions: 0, ran: 0, refused: 0 };
    const covered = new Set<Target>();
    await documents.run(async (random, index) => {
      const target = targets[index % targets.length] ?? assert.fail('there are fields');
      const question = makeQuestion(schema, rules, target, random);
      for (let turn = 0; turn < CALLERS; turn += 1) {
        const { decisions, refused } = await compare(gateway, question, someCaller(random), `${index}.${turn}`);
        seen.decisions += decisions;
        seen[refused === undefined ? 'ran' : 'refused'] += 1;
        if (refused === undefined) covered.add(target);
      }
    });
    report(`${seen.decisions} decisions; ${seen.ran} documents ran, ${seen.refused} were refused`);
    report(`${covered.size} of ${targets.length} fields were aimed at in documents that ran`);
    assert.ok(seen.ran > 0 && seen.refused > 0);
  });

  it('would be seen to disagree, were any one of the rules lost', async () => {
    const random = createRandom(`${campaignSeed} damage`);
    const guarded = Object.entries(access.fieldAccess).filter(([, { actions: asked }]) =>
      asked.some(({ space }) => space.from !== 'any'),
    );
    for (let turn = 0; turn < 5; turn += 1) {
      const [name, row] = random.pick(guarded);
      const damaged = openGateway({
        ...access,
        fieldAccess: { ...access.fieldAccess, [name]: { ...row, actions: [] } },
      });
      const target = targets.find(({ type, field }) => `${type}.${field}` === name) ?? assert.fail(name);
      const noticed = async (): Promise<boolean> => {
        for (let at = 0; at < 300; at += 1) {
          const question = makeQuestion(schema, rules, target, random);
          try {
            await compare(damaged, question, someCaller(random), `damage ${turn}.${at}`);
          } catch (error) {
            if (error instanceof assert.AssertionError) return true;
            throw error;
          }
        }
        return false;
      };
      assert.ok(await noticed(), `nobody noticed that ${name} asks for nothing`);
    }
  });

  it(`shows in introspection what may be used and nothing else, to ${views.count} callers`, async () => {
    const types = [...new Set(targets.map(({ type }) => type))];
    await views.run(async (random, index) => {
      const caller = someCaller(random);
      for (const name of ['Query', 'Mutation', ...Array.from({ length: 6 }, () => random.pick(types))]) {
        const document = `{ __type(name: "${name}") { name fields(includeDeprecated: true) { name } } }`;
        const origin = { via: 'GRAPHQL', requestId: `${index}`, remoteAddress: undefined, client: undefined } as const;
        const { data } = await gateway.execute({ document, caller, origin, allow: 'query' });
        const { __type: type } = plain(data) as { __type: { fields: { name: string }[] } | null };
        if (caller.principal.kind === 'ANONYMOUS') continue; // the strangers' view is pinned by a test of its own
        for (const field of type?.fields ?? []) {
          assert.ok(
            mayUse(rules, name, field.name, caller),
            `${name}.${field.name} is shown to ${describeCaller(caller)}`,
          );
        }
        if (name !== 'Query' && name !== 'Mutation') continue;
        const shown = new Set(type?.fields.map((field) => field.name));
        for (const { type: of, field } of targets) {
          if (of !== name || shown.has(field) || !mayUse(rules, of, field, caller)) continue;
          assert.ok(givesNothing(of, field, caller), `${of}.${field} is hidden from ${describeCaller(caller)}`);
        }
      }
    });
  });

  it(`is the same by MCP: ${byMcp.count} documents`, async () => {
    const calls = new Map<string, { caller: Caller; requestId: string; outcome?: ExecutionOutcome }>();
    const server = await startMcpServer(async (request) => {
      const call = calls.get(request.caller.principal.name) ?? assert.fail('a call of nobody');
      const { caller, requestId } = call;
      call.outcome = await gateway.execute({ ...request, caller, origin: { ...request.origin, requestId } });
      return call.outcome;
    });
    stops.push(() => server.stop());
    const seen = { decisions: 0, early: 0, confirmed: 0 };
    await byMcp.run(async (random, index) => {
      const target = random.pick(targets);
      const question = makeQuestion(schema, rules, target, random);
      const caller = someCaller(random);
      const call = { caller, requestId: `mcp ${index}` };
      calls.set(`call${index}`, call);
      const post = async (confirmation?: string) => {
        const { kind, text, variables, operationName } = question;
        const given = { document: text, variables, ...(operationName === undefined ? {} : { operationName }) };
        return send(server.url, caller, `call${index}`, {
          name: kind === 'query' ? 'query' : 'mutate',
          arguments: confirmation === undefined ? given : { ...given, confirmation },
        });
      };
      const first = await post();
      const early = earlyStatus(question, caller);
      if (early !== undefined) {
        seen.early += 1;
        assert.equal(first.status, early, describeCaller(caller));
        assert.equal(outcomeOf(calls, index), undefined);
        return;
      }
      let last = first;
      const door = {
        execute: async (): Promise<ExecutionOutcome> => {
          const token = outcomeOf(calls, index)?.errors[0]?.extensions['confirmation'];
          if (typeof token === 'string') {
            seen.confirmed += 1;
            last = await post(token);
          }
          return outcomeOf(calls, index) ?? assert.fail(`the gateway was not asked: ${last.text}`);
        },
      };
      // The first call has run already, unless it was to be confirmed.
      const { decisions, data, refused } = await compare(door, question, caller, call.requestId);
      seen.decisions += decisions;
      const readable = JSON.stringify(refused === undefined ? data : null);
      for (const [mark] of last.text.matchAll(/mark-\w+-\w+\.\w+/g))
        assert.ok(readable.includes(mark), `${mark} in ${last.text}`);
    });
    report(
      `${seen.decisions} decisions; ${seen.early} calls were refused by HTTP, ${seen.confirmed} had to be confirmed`,
    );
  });

  it('has no subscriptions', async () => {
    for (const document of ['subscription { viewer { id } }', 'subscription S { spaces { id } } ']) {
      const caller = someCaller(createRandom('subscriber'));
      const origin = {
        via: 'GRAPHQL',
        requestId: 'subscription',
        remoteAddress: undefined,
        client: undefined,
      } as const;
      const { data, errors } = await gateway.execute({ document, caller, origin, allow: 'any' });
      assert.equal(data, undefined);
      assert.deepEqual(
        errors.map(({ extensions }) => extensions.code),
        ['BAD_INPUT'],
      );
    }
  });
});

interface Sent {
  readonly status: number;
  readonly text: string;
}

async function send(url: string, { principal, scopes }: Caller, name: string, params: JsonObject): Promise<Sent> {
  const right = scopes.has('mcp:write') ? 'write' : 'read';
  const signedIn = principal.kind !== 'ANONYMOUS' && scopes.size > 0;
  const answer = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(signedIn ? { authorization: `Bearer ${right}:${name}` } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return { status: answer.status, text: await answer.text() };
}

/** What is refused by HTTP: strangers, and tools outside of the token's scopes. */
function earlyStatus({ kind }: Question, { principal, scopes }: Caller): number | undefined {
  if (principal.kind === 'ANONYMOUS' || scopes.size === 0) return 401;
  return kind === 'mutation' && !scopes.has('mcp:write') ? 403 : undefined;
}

function outcomeOf(
  calls: ReadonlyMap<string, { outcome?: ExecutionOutcome }>,
  index: number,
): ExecutionOutcome | undefined {
  return calls.get(`call${index}`)?.outcome;
}

/** A field goes from view when all fields of what it gives do. */
function givesNothing(type: string, field: string, caller: Caller): boolean {
  const object = schema.getType(type);
  const given = isObjectType(object) ? getNamedType(object.getFields()[field]?.type) : undefined;
  if (isUnionType(given) || isInterfaceType(given))
    return schema.getPossibleTypes(given).some((one) => isBare(one, caller));
  return isObjectType(given) && isBare(given, caller);
}

function isBare(type: GraphQLObjectType, caller: Caller): boolean {
  return Object.keys(type.getFields()).every((field) => !mayUse(rules, type.name, field, caller));
}

function report(line: string): void {
  process.stdout.write(`      ${line}\n`);
}
