import { constants, createDecipheriv, generateKeyPair, type KeyObject, privateDecrypt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';

import { AppError } from '../shared/errors.ts';
import type { Login } from './profiles.ts';
import type { Terminal } from './terminal.ts';
import { tokenEnd } from './token-end.ts';

const KEY_BITS = 3_072;
const WAIT_MS = 2 * 60_000; // as long as other clients of this kind wait

/**
 * Lets the person sign in at a browser on this computer. The token comes back to a port that only this computer reaches,
 * sealed with a key that was made for this login, so that no address and no history of a browser holds it.
 */
export async function loginByBrowser(terminal: Terminal, url: string, open: boolean): Promise<Login> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: KEY_BITS });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const address = `${url}/cli_login?key=${keyText(publicKey)}&port=${portOf(server)}`;
    terminal.say(`Sign in at\n  ${address}`);
    if (open) terminal.openBrowser(address);
    const token = await nextToken(server, url, privateKey);
    return { kind: 'SESSION', token, validUntil: tokenEnd(token) };
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** SPKI in PEM under a heading that says RSA, which is how clients of this kind send it. */
function keyText(key: KeyObject): string {
  const body = key.export({ type: 'spki', format: 'der' }).toString('base64');
  return Buffer.from(`-----BEGIN RSA PUBLIC KEY-----\n${body}\n-----END RSA PUBLIC KEY-----\n`).toString('base64url');
}

function portOf(server: Server): number {
  const address = server.address();
  if (typeof address === 'object' && address !== null) return address.port;
  throw new Error('a server that listens has a port');
}

function nextToken(server: Server, url: string, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(nobodyCame()), WAIT_MS);
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const token = unseal(new URL(request.url ?? '/', 'http://localhost').searchParams, key);
      response.writeHead(307, { location: `${url}/auth_${token === undefined ? 'failure' : 'success'}` });
      response.end();
      // Anything else that comes to this port, a look for an icon or a stranger's guess, is no answer.
      if (token === undefined) return;
      clearTimeout(limit);
      response.once('close', () => resolve(token));
    });
  });
}

function nobodyCame(): AppError {
  return new AppError(
    'UNAVAILABLE',
    'nobody signed in within two minutes: run the command again, or use --device where there is no browser',
  );
}

function unseal(query: URLSearchParams, key: KeyObject): string | undefined {
  const [sealed, wrapped] = [query.get('token'), query.get('key')];
  if (sealed === null || wrapped === null) return undefined;
  try {
    const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha512' };
    const secret = privateDecrypt({ key, ...padding }, Buffer.from(wrapped, 'base64url'));
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-cbc', secret, bytes.subarray(0, 16));
    return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]).toString();
  } catch {
    return undefined;
  }
}
