import { constants, createCipheriv, createPublicKey, type KeyObject, publicEncrypt, randomBytes } from 'node:crypto';

import type { Context } from 'koa';

import { beginCliSession } from '../domain/people/index.ts';
import { badInput } from '../shared/errors.ts';
import { showPage } from './page-answer.ts';
import { cliLoginPage } from './pages/cli-login-page.ts';
import { messagePage } from './pages/message-page.ts';
import type { Services } from './services.ts';
import { askToSignIn, whoIsSignedIn } from './sign-in-routes.ts';

// The browser login of existing command-line clients: the client listens on a port of this computer, hands over a public
// key, and gets a token that only it can read.
const MIN_KEY_BITS = 2_048;
const MAX_KEY_BITS = 8_192;
const MAX_KEY_LENGTH = 4_096;

interface CliRequest {
  readonly key: KeyObject;
  readonly port: number;
}

export async function showCliLogin(services: Services, context: Context): Promise<void> {
  const { port } = parseRequest(context);
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const page = cliLoginPage({ csrf: services.forms.tokenFor(context), port, username: person.username });
  showPage(context, page, ` http://localhost:${port}`);
}

export async function takeCliLogin(services: Services, context: Context): Promise<void> {
  const { key, port } = parseRequest(context);
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const fields = await services.forms.read(context);
  context.status = 303;
  if (fields.get('decision') !== 'approve') return context.redirect('/auth_failure');
  const { jwt } = await beginCliSession(services.domain, services.requestOf(context, person), person);
  context.redirect(`http://localhost:${port}/?${seal(jwt, key)}`);
}

function parseRequest(context: Context): CliRequest {
  const query = new URLSearchParams(context.querystring);
  const port = Number(query.get('port'));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw badInput('port', 'must be a port of this computer');
  return { key: parseKey(query.get('key') ?? ''), port };
}

/** The text calls itself an RSA key in PEM; inside is a key of any kind in SPKI form. */
function parseKey(text: string): KeyObject {
  const wrong = badInput('key', `must be an RSA public key of ${MIN_KEY_BITS} to ${MAX_KEY_BITS} bits`);
  if (text.length > MAX_KEY_LENGTH || !/^[\w-]+$/.test(text)) throw wrong;
  const pem = Buffer.from(text, 'base64url').toString('latin1');
  const body = /-----BEGIN RSA PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END RSA PUBLIC KEY-----/.exec(pem)?.[1] ?? '';
  const key = readKey(Buffer.from(body, 'base64'));
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key?.asymmetricKeyType !== 'rsa' || bits < MIN_KEY_BITS || bits > MAX_KEY_BITS) throw wrong;
  return key;
}

function readKey(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch {
    return undefined;
  }
}

function seal(token: string, key: KeyObject): string {
  const [secret, iv] = [randomBytes(32), randomBytes(16)];
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  const sealed = Buffer.concat([iv, cipher.update(token, 'utf8'), cipher.final()]);
  const wrapped = publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha512' }, secret);
  return `token=${sealed.toString('base64url')}&key=${wrapped.toString('base64url')}`;
}

export function showSuccess(_services: Services, context: Context): void {
  showPage(context, messagePage('You are logged in', 'You can close this page and go back to the command line.'));
}

export function showFailure(_services: Services, context: Context): void {
  context.status = 400;
  const text = 'The command line was not logged in. Run its login command again if you want to.';
  showPage(context, messagePage('Not logged in', text));
}
