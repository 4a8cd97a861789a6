// What the rules cost: the same operation in the same process with rules and without, turn by turn.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { type AccessTables, createGateway, type Gateway, type GatewayContext } from '../../../src/gateway/index.ts';
import { anonymous, type Caller } from '../../../src/shared/caller.ts';
import { silentLogger } from '../../../src/shared/logger.ts';
import { comparePairs, type EnforcementCost } from './compare-pairs.ts';
import { access, bigDocument, resolvers, spaceOf, typeDefs } from './stacks.ts';
import { callersWithRoles } from './callers-with-roles.ts';
import { spacesOf, TOKEN_COUNT } from './tokens.ts';

export async function measureEnforcement(): Promise<EnforcementCost[]> {
  const callers = Array.from({ length: TOKEN_COUNT }, (_, number) => callerFor(number));
  return [await measureRules(callers), ...measureShield()];
}

/** The same with callers whose rights come from roles that they hold in a tree of spaces, no two alike. */
export function measureRoles(): Promise<EnforcementCost> {
  return measureRules(callersWithRoles());
}

async function measureRules(callers: readonly Caller[]): Promise<EnforcementCost> {
  const secured = gatewayWith(access);
  const open = gatewayWith(openAccess());
  const run = (gateway: Gateway) => async (turn: number) => {
    const caller = callers[turn % callers.length] ?? anonymous;
    const { data } = await gateway.execute({
      document: bigDocument,
      variables: { first: 50 },
      caller,
      origin: { via: 'GRAPHQL', requestId: '', remoteAddress: undefined, client: undefined },
      allow: 'any',
    });
    if (data === null || data === undefined) throw new Error('the operation was refused: there is nothing to compare');
    return JSON.stringify(data);
  };
  return comparePairs('sluice', run(secured), run(open));
}

function gatewayWith(tables: AccessTables): Gateway {
  const contextFor = (caller: Caller, origin: GatewayContext['origin']): GatewayContext => ({ caller, origin });
  return createGateway({ typeDefs, resolvers, access: tables, spaceOf, contextFor, log: silentLogger });
}

function openAccess(): AccessTables {
  const open = { public: true, scopes: [], actions: [], destructive: false } as const;
  return {
    typeAccess: {},
    fieldAccess: Object.fromEntries(Object.keys(access.fieldAccess).map((field) => [field, open])),
  };
}

function callerFor(number: number): Caller {
  return {
    principal: { kind: 'USER', id: `caller-${number}`, name: '' },
    session: '',
    scopes: new Set(number % 2 === 0 ? ['mcp:read'] : ['mcp:write']),
    grants: new Map(spacesOf(number).map((space) => [space, new Set(['SPACE_READ'])])),
  };
}

// In a process of its own, because it needs another version of graphql.
function measureShield(): EnforcementCost[] {
  const { stdout, status } = spawnSync(process.execPath, [join(import.meta.dirname, 'shield.mjs')], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error('shield.mjs failed; run it by hand to see why');
  return [JSON.parse(stdout) as EnforcementCost];
}
