import { type Caller, spaceOfPlace } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { findPersonalTokenByHash, type PersonalTokenRow, updatePersonalToken } from '../../storage/personal-tokens.ts';
import { findSpaces } from '../../storage/spaces.ts';
import type { DomainContext } from '../context.ts';
import { spacesWithin } from './grants.ts';
import { hashPersonalToken, isPersonalTokenText } from './personal-token-text.ts';
import { createUseCounter } from './use-counter.ts';

export interface Owner {
  readonly caller: Caller;
  /** When the owner itself ends. */
  readonly endsAtMs: number;
}

/** The owner of a token with all their rights, or a refusal when they are gone. */
export type FindOwner = (row: PersonalTokenRow) => Promise<Owner>;

export interface PersonalTokenCaller {
  readonly caller: Caller;
  readonly expiresAtMs: number;
  /** To be called at each use. */
  readonly used: () => void;
}

/**
 * The caller behind a personal access token: its owner, with the token's scopes, in the token's spaces. The token is
 * found by its hash, so that the time of an answer tells nothing about it.
 *
 * @throws UNAUTHENTICATED
 */
export async function loadPersonalToken(
  context: DomainContext,
  token: string,
  findOwner: FindOwner,
): Promise<PersonalTokenCaller> {
  if (!isPersonalTokenText(token)) throw refused();
  const { storage, clock } = context;
  const row = await storage.read((db) => findPersonalTokenByHash(db, hashPersonalToken(token)));
  if (row === undefined || row.expiresAt <= clock.now()) throw refused();
  const owner = await findOwner(row);
  const { endsAtMs } = owner;
  const caller = await storage.read((db) => narrowed(db, owner.caller, row));
  const used = createUseCounter(context, row.lastUsedAt, (db, now) =>
    updatePersonalToken(db, row.id, { lastUsedAt: now }),
  );
  return { caller, expiresAtMs: Math.min(row.expiresAt.getTime(), endsAtMs), used };
}

async function narrowed(db: Db, owner: Caller, { spaces }: PersonalTokenRow): Promise<Caller> {
  if (spaces.length === 0) return owner;
  const within = spacesWithin(await findSpaces(db), spaces);
  return Object.freeze({
    ...owner,
    grants: new Map([...owner.grants].filter(([place]) => within.has(spaceOfPlace(place)))),
  });
}

function refused(): AppError {
  return new AppError(
    'UNAUTHENTICATED',
    'unauthorized: no personal access token is like this, or it has ended; make another',
  );
}
