import type { ManagedUserSource, ManagedUserState } from '../../../generated/enums.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { invariant } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findInvitationsOf, type UserRow } from '../../storage/people.ts';
import { type AccessRule, findMemberships, findRulesByActor, groupsOf, type Memberships } from '../identity/index.ts';

/** A user as the API shows them; `invitationLink` only in the answer that makes it. */
export interface UserRecord {
  readonly id: string;
  readonly username: string;
  readonly invitationEmail: string | null;
  readonly state: ManagedUserState;
  readonly source: ManagedUserSource;
  readonly accessRules: readonly AccessRule[];
  readonly groups: readonly string[];
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
  readonly invitationLink: string | null;
}

interface Surroundings {
  readonly rules: ReadonlyMap<string, readonly AccessRule[]>;
  readonly memberships: Memberships;
  readonly invited: ReadonlySet<string | undefined>;
}

/** The records of many users, each table read once. */
export async function toUserRecords(db: Db, rows: readonly UserRow[], now: Date): Promise<UserRecord[]> {
  const pending = rows.filter(isUnproved).map(({ id }) => id);
  const invitations = pending.length === 0 ? [] : await findInvitationsOf(db, pending, now);
  const around = {
    rules: await findRulesByActor(db, 'USER'),
    memberships: await findMemberships(db),
    invited: new Set(invitations.map(({ userId }) => userId)),
  };
  return rows.map((row) => describe(row, around));
}

export async function toUserRecord(db: Db, row: UserRow, now: Date): Promise<UserRecord> {
  const [record] = await toUserRecords(db, [row], now);
  invariant(record !== undefined, 'a record for each row');
  return record;
}

function describe(row: UserRow, { rules, memberships, invited }: Surroundings): UserRecord {
  return {
    id: row.id,
    username: row.username,
    invitationEmail: row.email ?? null,
    state: stateOf(row, invited),
    source: row.ssoSubject === undefined ? 'LOCAL' : 'SSO',
    accessRules: rules.get(row.id) ?? [],
    groups: groupsOf(memberships, row).map(({ name }) => name),
    createdAt: unixSeconds(row.createdAt),
    lastSignInAt: row.lastSignInAt === undefined ? null : unixSeconds(row.lastSignInAt),
    invitationLink: null,
  };
}

function stateOf(row: UserRow, invited: Surroundings['invited']): ManagedUserState {
  if (row.disabled) return 'INACTIVE';
  if (!isUnproved(row)) return 'ACTIVE';
  return invited.has(row.id) ? 'PENDING' : 'EXPIRED';
}

/** Invited, and has not come yet. */
export function isUnproved(row: UserRow): boolean {
  return row.passwordHash === undefined && row.ssoSubject === undefined;
}
