import type { LoginPolicyInput } from '../../policy/index.ts';
import type { RoleRow } from '../../storage/identity.ts';
import type { SpaceRow } from '../../storage/spaces.ts';
import type { Identity } from './subject.ts';

export interface LoginFacts {
  readonly account: string;
  readonly identity: Identity;
  readonly remoteAddress: string | undefined;
  /** Where the session was begun. */
  readonly creatorAddress: string | undefined;
  readonly at: Date;
  readonly spaces: readonly SpaceRow[];
  readonly roles: readonly RoleRow[];
}

const NANOSECONDS_PER_MILLISECOND = 1_000_000;

/** The document that login policies judge: nothing in it is secret. */
export function loginInput(facts: LoginFacts): LoginPolicyInput {
  const { identity, spaces, roles } = facts;
  return {
    request: {
      remote_ip: plainAddress(facts.remoteAddress),
      timestamp_ns: facts.at.getTime() * NANOSECONDS_PER_MILLISECOND,
    },
    session: {
      account_name: facts.account,
      admin: identity.admin,
      creator_ip: plainAddress(facts.creatorAddress),
      email: identity.email ?? null,
      login: identity.login,
      machine: identity.machine,
      member: true, // others are refused before a policy is asked
      name: identity.name,
      teams: [...identity.teams],
    },
    spaces: spaces.map(({ id, name, labels }) => ({ id, name, labels })),
    roles: roles.map(({ id, name, slug }) => ({ id, name, slug, ulid: id })),
  };
}

/** An IPv4 address that came in by a socket for both kinds is written as such: networks in policies are too. */
function plainAddress(address: string | undefined): string | null {
  if (address === undefined || address === '') return null;
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
