import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import Provider, { type Adapter, type AdapterPayload, type Configuration, type JWKS } from 'oidc-provider';

/** Somebody as the company knows them. `sub` is the person; the rest are claims. */
export interface Employee {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly preferred_username?: string;
  readonly groups?: readonly string[];
}

/** The company's OpenID provider, on this computer: whoever asks is the one who sits at its keyboard. */
export interface CompanyIdp {
  readonly issuer: string;
  /** Who signs in, until somebody else does; nobody means that the person cancels. */
  seat(employee: Employee | undefined): void;
  /** Publishes other keys than it signs with. */
  losesItsKeys(): void;
  /** Follows an authorization URL as a browser would, up to where it leads back to. */
  follow(authorization: URL): Promise<URL>;
  stop(): Promise<void>;
}

export const companyClient = { id: 'sluice', secret: 'a secret between two servers' };
/** Another application of the company, with the same address to come back to. */
export const otherClient = { id: 'payroll', secret: 'a secret of another server' };

/** @param redirectUris where people may be sent back to */
export async function startCompanyIdp(redirectUris: readonly string[], port = 0): Promise<CompanyIdp> {
  const handlers: { serve?: (request: IncomingMessage, response: ServerResponse) => void } = {};
  const server = createServer((request, response) => handlers.serve?.(request, response)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const known = new Map<string, Employee>();
  let seated: Employee | undefined;
  let otherKeys: JWKS | undefined;
  const provider = new Provider(issuer, configuration(redirectUris, known));
  const callback = provider.callback();
  handlers.serve = (request, response) => {
    const path = request.url ?? '';
    if (path === '/jwks' && otherKeys !== undefined) response.end(JSON.stringify(otherKeys));
    else if (path.startsWith('/interaction/')) void decide(provider, seated, request, response);
    else void callback(request, response);
  };
  return {
    issuer,
    seat(employee) {
      seated = employee;
      if (employee !== undefined) known.set(employee.sub, employee);
    },
    losesItsKeys() {
      otherKeys = { keys: makeKeys().map(({ kty, kid, n, e, use }) => ({ kty, kid, n, e, use })) as JWKS['keys'] };
    },
    follow: (authorization) => follow(issuer, authorization),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function configuration(redirectUris: readonly string[], known: ReadonlyMap<string, Employee>): Configuration {
  const client = { redirect_uris: [...redirectUris], grant_types: ['authorization_code'] };
  const seconds = 60;
  return {
    adapter: inMemory(),
    ttl: { Interaction: seconds, Grant: seconds, Session: seconds, AccessToken: seconds, IdToken: seconds },
    clients: [companyClient, otherClient].map(({ id, secret }) => ({
      ...client,
      client_id: id,
      client_secret: secret,
    })),
    jwks: { keys: makeKeys() as JWKS['keys'] },
    cookies: { keys: ['a key of the company'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username', 'groups'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...known.get(sub), sub }) }),
  };
}

function inMemory(): (kind: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return (kind) => ({
    upsert: async (id, payload) => void kept.set(`${kind} ${id}`, payload),
    find: async (id) => kept.get(`${kind} ${id}`),
    findByUid: async (uid) => [...kept].find(([key, value]) => key.startsWith(`${kind} `) && value.uid === uid)?.[1],
    findByUserCode: async () => undefined,
    consume: async (id) => void kept.set(`${kind} ${id}`, { ...kept.get(`${kind} ${id}`), consumed: 1 }),
    destroy: async (id) => void kept.delete(`${kind} ${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, value] of kept) if (value.grantId === grantId) kept.delete(key);
    },
  });
}

/** The same id for other keys: whoever goes by the id alone takes the wrong one. */
function makeKeys() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return [{ ...privateKey.export({ format: 'jwk' }), kid: 'of the company', use: 'sig', alg: 'RS256' }];
}

async function decide(
  provider: Provider,
  seated: Employee | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { params } = await provider.interactionDetails(request, response);
  if (seated === undefined) {
    const result = { error: 'access_denied', error_description: 'the person has left' };
    return provider.interactionFinished(request, response, result);
  }
  const grant = new provider.Grant({ accountId: seated.sub, clientId: String(params['client_id']) });
  grant.addOIDCScope(String(params['scope']));
  const grantId = await grant.save();
  await provider.interactionFinished(request, response, {
    login: { accountId: seated.sub, remember: false },
    consent: { grantId },
  });
}

async function follow(issuer: string, start: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = start;
  for (let hop = 0; hop < 10; hop += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(at, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    if (location === null) throw new Error(`the company's provider answers ${answer.status}: ${await answer.text()}`);
    at = new URL(location, at);
    if (at.origin !== issuer) return at;
  }
  throw new Error('sent around in circles');
}
