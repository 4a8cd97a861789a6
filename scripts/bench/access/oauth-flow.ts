// The whole way in of an assistant, against the server as it ships: register, ask, consent, redeem, first call; then a refresh.
import * as oauth from 'oauth4webapi';

import { invitationIn, password, plainPerson } from '../../../src/testing/person.ts';
import { startTestServer } from '../../../src/testing/server.ts';
import { type AccessRow, median, rangeOf } from './rows.ts';

const FLOWS = 20;
const WARM_UP = 3;
const redirectUri = 'http://127.0.0.1:39241/callback';
const insecure = { [oauth.allowInsecureRequests]: true };

export async function measureFlows(): Promise<AccessRow[]> {
  const server = await startTestServer();
  try {
    const ada = plainPerson('ada');
    await ada.accept(invitationIn(server.output()), 'ada', password);
    const [flows, refreshes]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < FLOWS + WARM_UP; turn += 1) {
      const { flow, refresh } = await oneFlow(server.url, ada);
      if (turn < WARM_UP) continue;
      flows.push(flow);
      refreshes.push(refresh);
    }
    const note = 'wall time over loopback, client and person included';
    return [
      {
        what: 'OAuth from nothing to the first tool list',
        subject: 'sluice',
        value: median(flows),
        unit: 'ms',
        range: rangeOf(flows),
        note,
      },
      {
        what: 'OAuth refresh',
        subject: 'sluice',
        value: median(refreshes),
        unit: 'ms',
        range: rangeOf(refreshes),
        note,
      },
    ];
  } finally {
    await server.stop();
  }
}

async function oneFlow(url: string, person: ReturnType<typeof plainPerson>) {
  const startedAt = performance.now();
  const issuer = new URL(url);
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }),
  );
  const metadata = { client_name: 'Bench', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none' };
  const client = await oauth.processDynamicClientRegistrationResponse(
    await oauth.dynamicClientRegistrationRequest(as, metadata, insecure),
  );
  const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
  const callback = await person.decide(await authorizationUrl(as, client, { url, verifier, state }), { approve: true });
  const parameters = oauth.validateAuthResponse(as, client, callback, state);
  const options = { ...insecure, additionalParameters: { resource: `${url}/mcp` } };
  const grant = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    oauth.None(),
    parameters,
    redirectUri,
    verifier,
    options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, grant);
  await listTools(url, tokens.access_token);
  const flow = performance.now() - startedAt;
  const refreshedAt = performance.now();
  const answer = await oauth.refreshTokenGrantRequest(as, client, oauth.None(), tokens.refresh_token ?? '', insecure);
  await oauth.processRefreshTokenResponse(as, client, answer);
  return { flow, refresh: performance.now() - refreshedAt };
}

interface Asked {
  readonly url: string;
  readonly verifier: string;
  readonly state: string;
}

async function authorizationUrl(
  as: oauth.AuthorizationServer,
  client: oauth.Client,
  { url, verifier, state }: Asked,
): Promise<URL> {
  const authorization = new URL(as.authorization_endpoint ?? '');
  authorization.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope: 'mcp:read mcp:write',
    resource: `${url}/mcp`,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).toString();
  return authorization;
}

async function listTools(url: string, token: string): Promise<void> {
  const answer = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  if (answer.status !== 200 || !(await answer.text()).includes('"discover"'))
    throw new Error(`tools/list: ${answer.status}`);
}
