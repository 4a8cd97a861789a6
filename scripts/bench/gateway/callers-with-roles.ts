// Callers as the server makes them: roles held in some spaces, which reach down to all below.
import { actions } from '../../../generated/enums.ts';
import { effectiveGrants } from '../../../src/domain/identity/grants.ts';
import { systemRoles } from '../../../src/domain/identity/index.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import { createRandom, type Random } from '../../../src/testing/campaign.ts';
import { aSpace } from '../../../src/testing/storage-rows.ts';
import { spacesOf, TOKEN_COUNT } from './tokens.ts';

const OTHER_SPACES = 50;
const CUSTOM_ROLES = 20;

type Tables = Parameters<typeof effectiveGrants>[0];

/** Each may read the teams whose objects are listed, and holds a few roles elsewhere. */
export function callersWithRoles(): Caller[] {
  const random = createRandom('callers with roles');
  const spaces = makeSpaces(random);
  const roles = makeRoles(random);
  return Array.from({ length: TOKEN_COUNT }, (_, number) => ({
    principal: { kind: 'USER', id: `caller-${number}`, name: '' },
    session: '',
    scopes: new Set(number % 2 === 0 ? (['mcp:read'] as const) : (['mcp:write'] as const)),
    grants: effectiveGrants({ spaces, roles, bindings: makeBindings(number, roles, random) }),
  }));
}

function makeSpaces(random: Random): Tables['spaces'] {
  const space = (id: string, parentSpace: string | undefined): Tables['spaces'][number] =>
    aSpace({ id, parentSpace, inheritEntities: random.chance(0.3) });
  const others = Array.from({ length: OTHER_SPACES }, (_, at) =>
    space(`other-${at}`, at < 5 ? 'root' : `other-${random.below(at)}`),
  );
  const teams = spacesOf(0).map((team) => space(team, 'teams'));
  return [space('root', undefined), space('teams', 'root'), ...teams, ...others];
}

function makeRoles(random: Random): Tables['roles'] {
  const custom = Array.from({ length: CUSTOM_ROLES }, (_, at) => ({
    slug: `custom-${at}`,
    name: `Custom ${at}`,
    description: '',
    actions: actions.filter(() => random.chance(0.2)),
  }));
  const isSystem = (at: number): boolean => at < systemRoles.length;
  return [...systemRoles, ...custom].map((role, at) => ({
    ...role,
    actions: [...role.actions],
    id: role.slug,
    isSystem: isSystem(at),
  }));
}

function makeBindings(number: number, roles: Tables['roles'], random: Random): Tables['bindings'] {
  const binding = (roleId: string, spaceId: string, at: number): Tables['bindings'][number] =>
    ({
      id: `${number}-${at}`,
      actorKind: 'USER',
      actorId: `caller-${number}`,
      roleId,
      spaceId,
    }) as Tables['bindings'][number];
  const more = Array.from({ length: 1 + random.below(6) }, (_, at) =>
    binding(random.pick(roles).id, `other-${random.below(OTHER_SPACES)}`, at + 1),
  );
  return [binding('space-reader', 'teams', 0), ...more];
}
