import { once } from 'node:events';
import { createServer } from 'node:http';

import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';

/** An OpenID provider whose tokens programs carry, such as that of a CI system, on loopback. */
export interface TestIssuer {
  readonly url: string;
  /** `host:port` for the list of hosts that may be reached. */
  readonly host: string;
  /** What was asked for, path by path. */
  readonly asked: string[];
  /** What it answers with instead of the genuine documents. */
  readonly documents: Map<string, unknown>;
  /** The public key that it publishes now. */
  readonly publicJwk: JWK;
  /** Signs with the newest key. */
  sign(claims: JWTPayload, header?: { readonly alg?: string; readonly kid?: string }): Promise<string>;
  /** Puts another key in the place of the one before. */
  rotate(): Promise<void>;
  stop(): void;
}

export async function startIssuer(): Promise<TestIssuer> {
  let current = await newKey(1);
  const [asked, documents] = [[] as string[], new Map<string, unknown>()];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const genuine: Record<string, unknown> = {
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/keys` },
      '/keys': { keys: [current.publicJwk] },
    };
    const document = documents.get(path) ?? genuine[path];
    response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const host = `localhost:${address.port}`;
  const url = `http://${host}`;
  return {
    url,
    host,
    asked,
    documents,
    get publicJwk() {
      return current.publicJwk;
    },
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: current.publicJwk.kid ?? '', ...header })
        .sign(current.privateKey),
    async rotate() {
      current = await newKey(Number(current.publicJwk.kid) + 1);
    },
    stop: () => void server.close(),
  };
}

async function newKey(number: number) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid: String(number), use: 'sig', alg: 'ES256' } };
}
