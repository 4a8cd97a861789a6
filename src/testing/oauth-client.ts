import {
  Client as ModernClient,
  type OAuthClientProvider,
  StreamableHTTPClientTransport as ModernTransport,
} from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import type { Decision, Person } from './person.ts';

/** What an MCP client keeps between its starts, and the address that it listens on. */
export interface ClientMemory extends OAuthClientProvider {
  readonly redirectUrl: string;
  /** What the client last wanted to be opened in a browser. */
  readonly opened: { last: URL | undefined; count: number };
  readonly kept: { tokens?: KeptTokens | undefined };
}

type DiscoveryState = Parameters<NonNullable<OAuthClientProvider['saveDiscoveryState']>>[0];

export interface KeptTokens {
  access_token: string;
  token_type: string;
  refresh_token?: string | undefined;
  scope?: string | undefined;
}

const clientInfo = { name: 'sluice-tests', version: '1.0.0' };

/** The least that the libraries ask of a program that uses them. */
export function clientMemory(clientName: string): ClientMemory {
  const redirectUrl = 'http://127.0.0.1:39217/callback';
  const kept: { tokens?: KeptTokens; client?: { client_id: string }; verifier?: string } = {};
  const opened: ClientMemory['opened'] = { last: undefined, count: 0 };
  let discovery: DiscoveryState | undefined;
  return {
    redirectUrl,
    opened,
    kept,
    clientMetadata: {
      client_name: clientName,
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => 'a state that nobody guesses',
    clientInformation: () => kept.client,
    saveClientInformation(client) {
      kept.client = client;
    },
    discoveryState: () => discovery,
    saveDiscoveryState(state) {
      discovery = state;
    },
    tokens: () => kept.tokens,
    saveTokens(tokens) {
      kept.tokens = tokens;
    },
    redirectToAuthorization(url) {
      opened.last = url;
      opened.count += 1;
    },
    saveCodeVerifier(verifier) {
      kept.verifier = verifier;
    },
    codeVerifier: () => kept.verifier ?? '',
  };
}

export interface Connected {
  tools(): Promise<string[]>;
  call(name: string, given?: Record<string, unknown>): Promise<{ isError?: boolean | undefined; content: unknown }>;
  close(): Promise<void>;
}

export type SignedInConnect = (
  url: string,
  memory: ClientMemory,
  person: Person,
  decision?: Decision,
) => Promise<Connected>;

const approveAll: Decision = { approve: true };

/** Both client libraries as they are: they find the server, register, open the browser, redeem the code and connect. */
export const oauthClients: readonly { readonly era: string; readonly connect: SignedInConnect }[] = [
  { era: '2025', connect: connectLegacy },
  { era: '2026', connect: connectModern },
];

async function connectLegacy(url: string, memory: ClientMemory, person: Person, decision = approveAll) {
  // Both libraries ask the same of a program; their types for it differ in what they leave optional.
  type Options = NonNullable<ConstructorParameters<typeof LegacyTransport>[1]>;
  type Transport = Parameters<LegacyClient['connect']>[0];
  const options = { authProvider: memory } as unknown as Options;
  const attempt = async (): Promise<[LegacyClient, LegacyTransport, boolean]> => {
    const client = new LegacyClient(clientInfo);
    const transport = new LegacyTransport(new URL(url), options);
    return [client, transport, await connects(() => client.connect(transport as unknown as Transport))];
  };
  let [client, transport, done] = await attempt();
  if (!done) {
    const callback = await person.decide(lastOpened(memory), decision);
    await transport.finishAuth(codeOf(callback));
    [client, transport, done] = await attempt();
    if (!done) throw new Error('not connected after signing in');
  }
  return connected(client);
}

async function connectModern(url: string, memory: ClientMemory, person: Person, decision = approveAll) {
  const attempt = async (): Promise<[ModernClient, ModernTransport, boolean]> => {
    const client = new ModernClient(clientInfo, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    const transport = new ModernTransport(new URL(url), { authProvider: memory });
    return [client, transport, await connects(() => client.connect(transport))];
  };
  let [client, transport, done] = await attempt();
  if (!done) {
    const callback = await person.decide(lastOpened(memory), decision);
    await transport.finishAuth(callback.searchParams);
    [client, transport, done] = await attempt();
    if (!done) throw new Error('not connected after signing in');
  }
  return connected(client);
}

interface AnyClient {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<object>;
  close(): Promise<void>;
}

function connected(client: AnyClient): Connected {
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, given = {}) => (await client.callTool({ name, arguments: given })) as { content: unknown },
    close: () => client.close(),
  };
}

async function connects(connect: () => Promise<void>): Promise<boolean> {
  try {
    await connect();
    return true;
  } catch (error) {
    if (error instanceof Error && /unauthorized/i.test(`${error.name} ${error.constructor.name} ${error.message}`))
      return false;
    throw error;
  }
}

function lastOpened({ opened }: ClientMemory): URL {
  if (opened.last === undefined) throw new Error('the client did not open a browser');
  return opened.last;
}

/** @throws an error named by what the server answered instead of a code */
export function codeOf(callback: URL): string {
  const code = callback.searchParams.get('code');
  if (code === null) throw new Error(callback.searchParams.get('error') ?? `no code in ${callback.href}`);
  return code;
}
