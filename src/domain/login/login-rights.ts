import type { Origin } from '../../shared/caller.ts';
import { findLogin, type LoginRow } from '../../storage/logins.ts';
import { findLoginPolicyVersions } from '../../storage/policies.ts';
import type { DomainContext } from '../context.ts';
import { generationOf } from './generation.ts';
import { judgeLogin } from './judge-login.ts';
import { refused } from './refused.ts';
import { type LoginRights, type LoginSubject, plainRights } from './subject.ts';

const RETRY_MS = 30_000; // policies that could not be evaluated are not asked at each request of somebody who waits

/**
 * What the login policies gave a session. They are asked again when others are in force than those that decided, and
 * when none has decided yet; a denial stays, until its owner signs in anew or the policies change.
 *
 * @param origin where the request came from: what a second judgement is told
 * @throws UNAUTHENTICATED as `judgeLogin`
 */
export async function loginRights(context: DomainContext, origin: Origin, subject: LoginSubject): Promise<LoginRights> {
  const { generation, row } = await context.storage.read(async (db) => ({
    generation: generationOf(await findLoginPolicyVersions(db)),
    row: await findLogin(db, subject.session),
  }));
  if (generation === undefined) return plainRights;
  if (row?.generation !== generation || isOver(row, context.clock.now())) return judgeLogin(context, origin, subject);
  if (row.outcome !== 'ALLOWED') throw refused(row);
  return row;
}

function isOver({ outcome, judgedAt, expiresAt }: LoginRow, now: Date): boolean {
  return expiresAt <= now || (outcome === 'ERROR' && now.getTime() - judgedAt.getTime() >= RETRY_MS);
}
