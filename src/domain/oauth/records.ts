import { unixSeconds } from '../../shared/clock.ts';
import { deleteOAuthGrant } from '../../storage/oauth-grants.ts';
import {
  consumeOAuthRecord,
  deleteOAuthRecord,
  deleteOAuthRecordsOfGrant,
  findOAuthRecord,
  findOAuthRecordByAlias,
  type OAuthRecordRow,
  saveOAuthRecord,
} from '../../storage/oauth-records.ts';
import type { DomainContext } from '../context.ts';
import { oauthRecordId, rightsChanged } from '../identity/index.ts';

/** What the OAuth server remembers of one thing: a client, a grant, a code, a refresh token, a page in progress. */
export type OAuthPayload = Readonly<Record<string, unknown>>;

/** The records of one kind. */
export interface OAuthRecords {
  save(id: string, payload: OAuthPayload, lifeSeconds: number | undefined): Promise<void>;
  /** @returns the payload, with `consumed` in unix seconds once it was; undefined when it is gone or has ended */
  find(id: string): Promise<OAuthPayload | undefined>;
  findByUid(uid: string): Promise<OAuthPayload | undefined>;
  findByUserCode(userCode: string): Promise<OAuthPayload | undefined>;
  /** @returns whether this call consumed it: of two at once only one does */
  consume(id: string): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** Takes back what came of a grant. */
  removeOfGrant(grantId: string): Promise<void>;
}

const CLIENT_LIFE_SECONDS = 90 * 24 * 60 * 60; // a registered client that nobody uses for so long is forgotten

const ENDED_CODE_SECONDS = 10 * 60; // a device that asks late is told that its code has ended, and not that there is none

export function oauthRecords(context: DomainContext, kind: string): OAuthRecords {
  const { storage, clock } = context;
  const key = (id: string): string => oauthRecordId(kind, id);
  const find = async (row: OAuthRecordRow | undefined): Promise<OAuthPayload | undefined> =>
    row === undefined ? undefined : parsePayload(row);
  const findByAlias = async (alias: string): Promise<OAuthPayload | undefined> =>
    find(await storage.read((db) => findOAuthRecordByAlias(db, key(alias), clock.now())));
  // A grant that ends takes the rights of its tokens with it, on every server.
  const grantsChanged = async (): Promise<void> => {
    if (kind === 'Grant') await rightsChanged(context);
  };
  return {
    async save(id, payload, lifeSeconds) {
      const life = lifeOf(kind, lifeSeconds);
      const expiresAt = life === undefined ? undefined : new Date(clock.now().getTime() + life * 1000);
      await storage.transaction((db) => saveOAuthRecord(db, toRow(kind, id, payload, expiresAt)));
    },
    async find(id) {
      const row = await storage.read((db) => findOAuthRecord(db, key(id), clock.now()));
      return find(row);
    },
    findByUid: (uid) => findByAlias(`uid:${uid}`),
    findByUserCode: (userCode) => findByAlias(`userCode:${userCode}`),
    consume: (id) => storage.transaction((db) => consumeOAuthRecord(db, key(id), clock.now())),
    async remove(id) {
      await storage.transaction(async (db) => {
        await deleteOAuthRecord(db, key(id));
        if (kind === 'Grant') await deleteOAuthGrant(db, id);
      });
      await grantsChanged();
    },
    removeOfGrant: (grantId) => storage.transaction((db) => deleteOAuthRecordsOfGrant(db, kind, grantId)),
  };
}

function lifeOf(kind: string, given: number | undefined): number | undefined {
  if (kind === 'DeviceCode') return given === undefined ? undefined : given + ENDED_CODE_SECONDS;
  return given ?? (kind === 'Client' ? CLIENT_LIFE_SECONDS : undefined);
}

/** A second name that a record is found by. */
function aliasOf({ uid, userCode }: OAuthPayload): string | undefined {
  if (typeof uid === 'string') return `uid:${uid}`;
  return typeof userCode === 'string' ? `userCode:${userCode}` : undefined;
}

function toRow(kind: string, id: string, payload: OAuthPayload, expiresAt: Date | undefined): OAuthRecordRow {
  const { grantId } = payload;
  const alias = aliasOf(payload);
  return {
    id: oauthRecordId(kind, id),
    kind,
    payload: Buffer.from(JSON.stringify(payload)),
    grantId: typeof grantId === 'string' ? grantId : undefined,
    alias: alias === undefined ? undefined : oauthRecordId(kind, alias),
    consumedAt: undefined,
    expiresAt,
  };
}

// Written by this file, sealed since.
function parsePayload({ payload, consumedAt }: OAuthRecordRow): OAuthPayload {
  const stored = JSON.parse(Buffer.from(payload).toString()) as OAuthPayload;
  return consumedAt === undefined ? stored : { ...stored, consumed: unixSeconds(consumedAt) };
}
