import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { buildSchema } from 'graphql';

import { fieldAccess } from '../../generated/access.ts';
import type { Action } from '../../generated/enums.ts';
import { effectiveGrants } from '../domain/identity/grants.ts';
import { systemRoles } from '../domain/identity/index.ts';
import type { AccessTables } from '../gateway/access-table.ts';
import { createGateway, type Gateway } from '../gateway/index.ts';
import { anonymous, type Caller, type Scope } from '../shared/caller.ts';
import { silentLogger } from '../shared/logger.ts';
import { type Asker, readRules, rightsIn, type Tree, type Verdict } from './access-oracle.ts';
import { aSpace } from './storage-rows.ts';
import { fieldQuestions, type Question, rootQuestions, stubResolvers } from './stub-api.ts';

// Everybody who could ask for anything, and the gateway in front of an API with nothing behind it.

const typeDefs = readFileSync(resolve(import.meta.dirname, '../../generated/schema.graphql'), 'utf8');
const schema = buildSchema(typeDefs);
export const rules = readRules();

/** The role is held in `own`, which inherits from its parent. */
export const tree: Tree = {
  root: { parent: undefined, inherits: false },
  parent: { parent: 'root', inherits: false },
  own: { parent: 'parent', inherits: true },
  child: { parent: 'own', inherits: false },
  elsewhere: { parent: 'root', inherits: true },
};
const spaces = Object.keys(tree);

const roles: Readonly<Record<string, readonly string[]>> = {
  'space-reader': rules.ladder.READ,
  'space-writer': rules.ladder.WRITE,
  'space-admin': rules.ladder.ADMIN,
  'worker-pool-controller': ['SPACE_READ', 'WORKER_POOL_CREATE', 'WORKER_POOL_UPDATE', 'WORKER_POOL_DELETE'],
  'policy-author': ['SPACE_READ', 'POLICY_CREATE', 'POLICY_UPDATE', 'POLICY_DELETE', 'INTENT_POLICY_CREATE'],
  operator: ['SPACE_READ', 'INTENT_PROJECT_LOCK', 'INTENT_RESOURCE_CREATE', 'INTENT_STATE_READ'],
  // Without any action, and held in a space that inherits: it lets read nothing above either.
  nothing: [],
};
const scopeSets: Readonly<Record<string, readonly Scope[]>> = {
  none: [],
  read: ['mcp:read'],
  write: ['mcp:write'],
  key: ['mcp:read', 'mcp:write'],
};

/** Somebody who asks, as the oracle knows them and as the gateway does. */
export interface Somebody extends Asker {
  readonly name: string;
  /** What the role allows, and where it is held; a stranger holds none. */
  readonly held: { readonly actions: readonly string[]; readonly space: string } | undefined;
  readonly caller: Caller;
}

function somebody(role: string, held: readonly string[], scopeSet: string, space = 'own'): Somebody {
  const scopes = scopeSets[scopeSet] ?? [];
  const system = systemRoles.find(({ slug }) => slug === role);
  const actions = system?.actions ?? (held as readonly Action[]);
  const grants = effectiveGrants({
    spaces: spaces.map((id) =>
      aSpace({ id, parentSpace: tree[id]?.parent, inheritEntities: tree[id]?.inherits === true }),
    ),
    roles: [{ id: role, slug: role, name: role, description: '', isSystem: false, actions: [...actions] }],
    bindings: [{ roleId: role, spaceId: space }],
  });
  const name = `${role}-${scopeSet}-${space}`;
  return {
    name,
    signedIn: true,
    held: { actions: held, space },
    scopes,
    rights: rightsIn(tree, { actions: held, space }),
    caller: { principal: { kind: 'USER', id: name, name }, session: name, scopes: new Set(scopes), grants },
  };
}

/** Scopes are asked about before roles, so the system roles are enough to try them with. */
function scopeSetsFor(role: string): readonly string[] {
  return systemRoles.some(({ slug }) => slug === role) ? Object.keys(scopeSets) : ['key'];
}

export const stranger: Somebody = {
  name: 'stranger',
  signedIn: false,
  held: undefined,
  scopes: [],
  rights: {},
  caller: anonymous,
};
export const everybody: readonly Somebody[] = [
  stranger,
  ...Object.entries(roles).flatMap(([role, held]) => scopeSetsFor(role).map((each) => somebody(role, held, each))),
  somebody('space-admin', rules.ladder.ADMIN, 'key', 'root'),
  somebody('space-writer', rules.ladder.WRITE, 'key', 'root'),
  somebody('space-reader', rules.ladder.READ, 'key', 'root'),
  somebody('nobody', [], 'key', 'nowhere'),
];

const special = Object.keys(fieldAccess).filter(
  (name) => !/^(Query|Mutation)\./.test(name) && (fieldAccess[name]?.actions.length ?? 0) > 0,
);
export const questions: readonly Question[] = [...rootQuestions(schema), ...fieldQuestions(schema, special)];

/** One question about something in one place. */
export interface Case {
  readonly question: Question;
  readonly space: string;
  readonly absent: readonly string[];
}

export const cases: readonly Case[] = questions.flatMap((question) => placesOf(question));

/** Without a scope the place makes no difference: nothing is reached. */
export function casesFor({ scopes }: Somebody): readonly Case[] {
  return scopes.length > 0 ? cases : cases.filter(({ space, absent }) => space === 'own' && absent.length === 0);
}

/** A tool call costs several requests: by a token with scopes it asks about something here and elsewhere only. */
export function fewerCasesFor(who: Somebody): readonly Case[] {
  if (who.name.includes('-key-')) return casesFor(who);
  return casesFor(who).filter(({ space, absent }) => ['own', 'elsewhere'].includes(space) && absent.length === 0);
}

/** A place makes a difference only to a question that names one; a space that may be left out is left out too. */
function placesOf(question: Question): Case[] {
  const here = { question, space: 'own', absent: [] };
  if (Object.keys(question.variables('own', [])).length === 0) return [here];
  const asked = [...new Set(spaceArguments(question))].filter((path) => question.optional.includes(path));
  return [...spaces.map((space) => ({ ...here, space })), ...asked.map((path) => ({ ...here, absent: [path] }))];
}

function spaceArguments({ path }: Question): string[] {
  const asks = rules.fields.get(`${path[0]?.type}.${path[0]?.field}`)?.asks ?? [];
  return asks.flatMap(({ space }) => /^args\.([\w.]+)\??$/.exec(space)?.[1] ?? []);
}

export const described = ({ question, space, absent }: Case): string =>
  `${question.kind} ${question.name} in ${space}${absent.length === 0 ? '' : ` without ${absent.join()}`}`;

export function gatewayWith(access: AccessTables): Gateway {
  const nouns = new Set(
    Object.values(access.fieldAccess).flatMap(({ actions }) =>
      actions.flatMap(({ space }) => (space.from === 'noun' ? [space.noun] : [])),
    ),
  );
  const find = async (_context: unknown, id: string) => (spaces.includes(id) ? id : undefined);
  return createGateway({
    typeDefs,
    resolvers: stubResolvers(schema, spaces),
    access,
    spaceOf: Object.fromEntries([...nouns].map((noun) => [noun, find])),
    contextFor: (caller, origin) => ({ caller, origin }),
    log: silentLogger,
  });
}

export function verdictOf(code: string | undefined, data: unknown): Verdict {
  if (code !== undefined) return code as Verdict;
  return (data as { answer?: unknown } | undefined)?.answer === null ? 'null' : 'reached';
}

export type Ask = (who: Somebody, asked: Case) => Promise<Verdict>;

/** Straight to the gateway, without HTTP. */
export function askGateway(gateway: Gateway): Ask {
  return async (who, { question, space, absent }) => {
    const { data, errors } = await gateway.execute({
      document: question.document,
      variables: question.variables(space, absent),
      caller: who.caller,
      origin: { via: 'GRAPHQL', requestId: 'test', remoteAddress: undefined, client: undefined },
      allow: 'any',
    });
    return verdictOf(errors[0]?.extensions.code, data);
  };
}
