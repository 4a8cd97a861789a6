import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Context } from 'koa';

import type { DomainContext } from '../../domain/context.ts';
import { type OAuthPayload, oauthRecords } from '../../domain/oauth/index.ts';
import type { Cookie } from '../cookies.ts';
import type { SsoSecrets } from './sso.ts';

const LIFE_SECONDS = 10 * 60; // to sign in somewhere else, with a second factor

/** A sign-in that is under way at the company's provider. */
export interface SsoAttempt {
  readonly secrets: SsoSecrets;
  /** Path to go on to afterwards. */
  readonly next: string;
}

/** Sign-ins under way, each bound to the browser that began it and good for one return. */
export interface SsoAttempts {
  begin(context: Context, attempt: SsoAttempt): Promise<void>;
  /** @returns undefined when there is none for that state, when it was used, or began in another browser */
  take(context: Context, state: string): Promise<SsoAttempt | undefined>;
}

export function createSsoAttempts(domain: DomainContext, cookie: Cookie): SsoAttempts {
  const records = oauthRecords(domain, 'SsoAttempt');
  return {
    async begin(context, { secrets, next }) {
      const known = cookie.read(context);
      const browser = known ?? randomBytes(32).toString('base64url');
      cookie.write(context, browser, LIFE_SECONDS);
      const payload = { ...secrets, next, browser: hashOf(browser).toString('base64url') };
      await records.save(secrets.state, payload, LIFE_SECONDS);
    },
    async take(context, state) {
      const browser = cookie.read(context);
      const found = browser === undefined ? undefined : await records.find(state);
      if (browser === undefined || found === undefined) return undefined;
      const { attempt, owner } = parseAttempt(found);
      if (!timingSafeEqual(hashOf(browser), Buffer.from(owner, 'base64url'))) return undefined;
      return (await records.consume(state)) ? attempt : undefined;
    },
  };
}

function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

// Written by this file, sealed since.
function parseAttempt(payload: OAuthPayload): { readonly attempt: SsoAttempt; readonly owner: string } {
  const { state, nonce, verifier, next, browser } = payload as Readonly<Record<string, string>>;
  const secrets = { state: state ?? '', nonce: nonce ?? '', verifier: verifier ?? '' };
  return { attempt: { secrets, next: next ?? '/' }, owner: browser ?? '' };
}
