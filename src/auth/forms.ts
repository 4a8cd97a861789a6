import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Context } from 'koa';

import { AppError } from '../shared/errors.ts';
import { isStorableText } from '../shared/json.ts';
import type { Cookie } from './cookies.ts';

const MAX_FORM_BYTES = 10_000; // ours have a few short fields
const FORM_SECONDS = 12 * 60 * 60;

/** Forms that only a page of ours, shown in the same browser and the same session, can send. */
export interface Forms {
  /** For the hidden field `csrf` of a page. */
  tokenFor(context: Context): string;
  /** @throws FORBIDDEN when the form was not made for this browser; BAD_INPUT for text that no database keeps */
  read(context: Context): Promise<URLSearchParams>;
}

/**
 * @param formCookie a random value of the browser; the field is made from it and from the session, so that neither a
 * foreign page nor a page of an earlier session has it
 */
export function createForms(publicUrl: string, formCookie: Cookie, sessionCookie: Cookie): Forms {
  const tokenOf = (secret: string, session: string | undefined): string =>
    createHash('sha256')
      .update(`form:${secret}:${session ?? ''}`)
      .digest('base64url');
  return {
    tokenFor(context) {
      const known = formCookie.read(context);
      const secret = known ?? randomBytes(32).toString('base64url');
      if (known === undefined) formCookie.write(context, secret, FORM_SECONDS);
      return tokenOf(secret, sessionCookie.read(context));
    },
    async read(context) {
      if (context.get('Origin') !== publicUrl) throw foreign();
      const fields = new URLSearchParams(await readText(context));
      const secret = formCookie.read(context);
      if (secret === undefined) throw foreign();
      const expected = Buffer.from(tokenOf(secret, sessionCookie.read(context)));
      const sent = Buffer.from(fields.get('csrf') ?? '');
      if (sent.length !== expected.length || !timingSafeEqual(sent, expected)) throw foreign();
      refuseUnstorable(fields);
      return fields;
    },
  };
}

function foreign(): AppError {
  return new AppError(
    'FORBIDDEN',
    'This form is too old or was not opened here. Go back, reload the page and try again.',
  );
}

function refuseUnstorable(fields: URLSearchParams): void {
  for (const [name, value] of fields) {
    if (isStorableText(name) && isStorableText(value)) continue;
    const field = isStorableText(name) ? name : 'A field';
    throw new AppError('BAD_INPUT', `${field}: it holds a NUL character. Go back and type it again.`);
  }
}

async function readText(context: Context): Promise<string> {
  if (!context.is('application/x-www-form-urlencoded')) throw new AppError('BAD_INPUT', 'Content-Type: send a form');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of context.req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_FORM_BYTES) throw new AppError('LIMIT_EXCEEDED', 'The form is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
