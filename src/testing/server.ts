import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { serverFlags } from '../../scripts/server-flags.mjs';
import type { JsonObject } from '../shared/json.ts';

const root = resolve(import.meta.dirname, '../..');
const START_LIMIT_MS = 180_000; // a first start creates the database; loaded machines take many seconds

export interface TestServerOptions {
  /** Settings besides PORT, SLUICE_PUBLIC_URL and SLUICE_DATA_DIR. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Start on the data of an earlier server; otherwise a folder is made and removed. */
  readonly dataDir?: string;
  /** Another program than `src/main.ts`, to be spoken to by messages; below `src/`. */
  readonly program?: string;
  /** What the other program is given. */
  readonly programArgument?: string;
  /** Where somebody else expects it; otherwise any that is free. */
  readonly port?: number;
}

/** The server as it ships, in a process of its own. */
export interface TestServer {
  readonly url: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** What the server printed so far. */
  output(): string;
  /** A bearer token of the admin key. */
  adminToken(): Promise<string>;
  /** Posts a document with the admin's token, or the one given; the parsed answer. */
  graphql(document: string, variables?: JsonObject, token?: string): Promise<GraphqlAnswer>;
  /** Stops the server gracefully, and removes its folder unless it was given. */
  stop(): Promise<void>;
  /** SIGKILL: nothing is cleaned up. */
  kill(): Promise<void>;
}

export interface GraphqlAnswer {
  readonly status: number;
  readonly data: Record<string, never> | null;
  readonly errors: readonly {
    readonly message: string;
    readonly locations?: readonly object[];
    readonly extensions?: { code?: string } & JsonObject;
  }[];
}

/** Starts `src/main.ts serve` on a free port and waits until it is ready. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'sluice-server-'));
  const port = options.port ?? (await freePort());
  const url = `http://localhost:${port}`;
  const settings = {
    PORT: String(port),
    SLUICE_DATA_DIR: dataDir,
    SLUICE_LOG_LEVEL: 'warn',
    SLUICE_PROVIDER_REGISTRY: 'off', // no test leaves this computer
    ...options.settings,
  };
  const child = spawn(
    process.execPath,
    [...serverFlags, join(root, 'src', options.program ?? 'main.ts'), options.programArgument ?? 'serve'],
    {
      cwd: root,
      env: { ...inherited(), ...settings },
      stdio: ['ignore', 'pipe', 'pipe', ...(options.program === undefined ? [] : ['ipc' as const])],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await untilReady(url, child, () => output);
  return testServer({ url, dataDir, child, output: () => output, keepsData: options.dataDir !== undefined });
}

/**
 * Another server on the same database, known by the same name as replicas behind one address are.
 *
 * @param settings those of the first one, `DATABASE_URL` among them
 */
export async function startReplica(first: TestServer, settings: Readonly<Record<string, string>>): Promise<TestServer> {
  const port = await freePort();
  const own = {
    SLUICE_KEY_FILE: join(first.dataDir, 'keys.json'),
    SLUICE_PUBLIC_URL: first.url,
    SLUICE_ALLOWED_HOSTS: `localhost:${port}`,
  };
  const server = await startTestServer({ port, settings: { ...settings, ...own } });
  const adminToken = (): Promise<string> => first.adminToken(); // the first start made the admin's key
  return {
    ...server,
    adminToken,
    graphql: async (document, variables, token) => server.graphql(document, variables, token ?? (await adminToken())),
  };
}

// Settings of the person who runs the tests must not reach the server; what Node and programs need must.
function inherited(): Record<string, string | undefined> {
  const names = ['PATH', 'HOME', 'GOPATH', 'GOBIN', 'NODE_OPTIONS', 'NODE_V8_COVERAGE'];
  const cache = join(root, 'node_modules/.cache/sluice/compile');
  return { ...Object.fromEntries(names.map((name) => [name, process.env[name]])), NODE_COMPILE_CACHE: cache };
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`the server ended with ${end}:\n${output()}`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  child.kill('SIGKILL');
  throw new Error(`the server was not ready in ${START_LIMIT_MS} ms:\n${output()}`);
}

interface Started {
  readonly url: string;
  readonly dataDir: string;
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly keepsData: boolean;
}

function testServer({ url, dataDir, child, output, keepsData }: Started): TestServer {
  let token: Promise<string> | undefined;
  const adminToken = (): Promise<string> => (token ??= exchangeAdminKey(url, dataDir));
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url,
    dataDir,
    process: child,
    output,
    adminToken,
    graphql: async (document, variables, given) => post(url, document, variables, given ?? (await adminToken())),
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      if (!keepsData) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function exchangeAdminKey(url: string, dataDir: string): Promise<string> {
  const { id, secret } = JSON.parse(readFileSync(join(dataDir, 'admin-key.json'), 'utf8')) as {
    id: string;
    secret: string;
  };
  const { data } = await post(
    url,
    'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }',
    { id, secret },
  );
  const { apiKeyUser } = data as unknown as { apiKeyUser: { jwt: string } };
  return apiKeyUser.jwt;
}

async function post(url: string, query: string, variables?: JsonObject, token?: string): Promise<GraphqlAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const body = (await response.json()) as Partial<GraphqlAnswer>;
  return { status: response.status, data: body.data ?? null, errors: body.errors ?? [] };
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
