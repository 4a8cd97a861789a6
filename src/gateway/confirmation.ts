import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { Caller } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import { canonicalJson, type JsonObject } from '../shared/json.ts';

/** What a confirmation is bound to: who, and what exactly. */
export interface Confirmable {
  readonly document: string;
  readonly variables?: JsonObject | undefined;
  readonly operationName?: string | undefined;
  readonly caller: Caller;
}

export interface Confirmations {
  /**
   * Passes once for a token that was given for the same caller, document and variables.
   *
   * @throws CONFIRMATION_REQUIRED with a fresh token in `details.confirmation`
   */
  require(request: Confirmable, calls: readonly string[], token: string | undefined): void;
}

const LIFETIME_MS = 10 * 60 * 1000;
const MAX_USED = 100_000; // far more confirmations than one server sees in ten minutes

/** @param now milliseconds; a parameter so that tests can move it */
export function createConfirmations(key: Uint8Array = randomBytes(32), now: () => number = Date.now): Confirmations {
  const used = new LRUCache<string, true>({ max: MAX_USED });
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  const signature = (request: Confirmable, expires: number, nonce: string): string =>
    sign(`${expires}.${nonce}.${boundText(request)}`);

  function issue(request: Confirmable): { token: string; expires: number } {
    const expires = now() + LIFETIME_MS;
    const nonce = randomBytes(12).toString('base64url');
    return { token: `${expires}.${nonce}.${signature(request, expires, nonce)}`, expires };
  }
  function accepts(request: Confirmable, token: string): boolean {
    const [expiresText = '', nonce = '', given = ''] = token.split('.');
    const expires = Number(expiresText);
    if (!Number.isSafeInteger(expires) || expires < now() || used.has(nonce)) return false;
    // Compared as text: several texts decode to the same bytes, and only the one that was issued counts.
    const expected = Buffer.from(signature(request, expires, nonce));
    const received = Buffer.from(given);
    if (received.length !== expected.length || !timingSafeEqual(received, expected)) return false;
    used.set(nonce, true);
    return true;
  }
  return {
    require(request, calls, token) {
      if (token !== undefined && accepts(request, token)) return;
      throw confirmationRequired(calls, issue(request), token !== undefined);
    },
  };
}

function boundText({ caller, document, operationName, variables }: Confirmable): string {
  return canonicalJson([caller.principal.id, caller.session, document, operationName ?? null, variables ?? {}]);
}

function confirmationRequired(calls: readonly string[], issued: { token: string; expires: number }, tried: boolean) {
  const why = tried ? 'the confirmation does not fit this call, was used or is older than 10 minutes; ' : '';
  const summary = `${calls.join(', ')} cannot be undone`;
  return new AppError(
    'CONFIRMATION_REQUIRED',
    `${why}${summary}: nothing was done yet; to go on, send the same call again with the confirmation token`,
    // What a person is asked: the token is the assistant's business.
    {
      details: {
        confirmation: issued.token,
        expiresAt: new Date(issued.expires).toISOString(),
        calls,
        summary: `${summary}.`,
      },
    },
  );
}
