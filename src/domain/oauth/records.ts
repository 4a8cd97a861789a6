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
  /** @returns whether this call consumed it: of two at once only one does */
  consume(id: string): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** Takes back what came of a grant. */
  removeOfGrant(grantId: string): Promise<void>;
}

const CLIENT_LIFE_SECONDS = 90 * 24 * 60 * 60; // a registered client that nobody uses for so long is forgotten

export function oauthRecords(context: DomainContext, kind: string): OAuthRecords {
  const { storage, clock } = context;
  const key = (id: string): string => oauthRecordId(kind, id);
  const find = async (row: OAuthRecordRow | undefined): Promise<OAuthPayload | undefined> =>
    row === undefined ? undefined : parsePayload(row);
  // A grant that ends takes the rights of its tokens with it, on every server.
  const grantsChanged = async (): Promise<void> => {
    if (kind === 'Grant') await rightsChanged(context);
  };
  return {
    async save(id, payload, lifeSeconds) {
      const life = lifeSeconds ?? (kind === 'Client' ? CLIENT_LIFE_SECONDS : undefined);
      const expiresAt = life === undefined ? undefined : new Date(clock.now().getTime() + life * 1000);
      await storage.transaction((db) => saveOAuthRecord(db, toRow(kind, id, payload, expiresAt)));
    },
    async find(id) {
      const row = await storage.read((db) => findOAuthRecord(db, key(id), clock.now()));
      return find(row);
    },
    async findByUid(uid) {
      const row = await storage.read((db) => findOAuthRecordByAlias(db, key(`uid:${uid}`), clock.now()));
      return find(row);
    },
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

function toRow(kind: string, id: string, payload: OAuthPayload, expiresAt: Date | undefined): OAuthRecordRow {
  const { grantId, uid } = payload;
  return {
    id: oauthRecordId(kind, id),
    kind,
    payload: Buffer.from(JSON.stringify(payload)),
    grantId: typeof grantId === 'string' ? grantId : undefined,
    alias: typeof uid === 'string' ? oauthRecordId(kind, `uid:${uid}`) : undefined,
    consumedAt: undefined,
    expiresAt,
  };
}

// Written by this file, sealed since.
function parsePayload({ payload, consumedAt }: OAuthRecordRow): OAuthPayload {
  const stored = JSON.parse(Buffer.from(payload).toString()) as OAuthPayload;
  return consumedAt === undefined ? stored : { ...stored, consumed: unixSeconds(consumedAt) };
}
