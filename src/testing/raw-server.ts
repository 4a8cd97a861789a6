import { request as send } from 'node:http';

import { createGateway } from '../gateway/index.ts';
import { type AppOptions, createApp, listen } from '../http/index.ts';
import { silentLogger } from '../shared/logger.ts';
import { access, createResolvers, spaceOf, typeDefs } from './small-api.ts';

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface RawServer {
  readonly url: string;
  /** Sends a request as it is: nothing is added to the headers but Host. */
  readonly raw: (
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string | Buffer,
  ) => Promise<RawReply>;
  stop(): Promise<void>;
}

/** The HTTP side in this process, in front of the small API. */
export async function rawServer(options: Partial<AppOptions> = {}): Promise<RawServer> {
  const { traffic } = options;
  const gateway = createGateway({
    typeDefs,
    resolvers: createResolvers({ calls: [] }),
    access,
    spaceOf,
    contextFor: (caller, origin) => ({ caller, origin }),
    log: silentLogger,
    ...(traffic === undefined ? {} : { charge: (who, cost) => traffic.charge(who, cost) }),
  });
  const app = createApp({
    gateway,
    callerOf: () => {
      throw new Error('no token is known here');
    },
    mcp: undefined,
    health: async () => ({ ready: true, isolation: 'none' }),
    publicUrl: 'http://sluice.example',
    allowedHosts: [],
    maxBodyBytes: 10_000,
    log: silentLogger,
    ...options,
  });
  const listening = await listen(app, '127.0.0.1', 0);
  const { port } = listening;
  return {
    url: `http://127.0.0.1:${port}`,
    raw: (method, path, headers, body) =>
      new Promise((resolve, reject) => {
        const all = { host: 'sluice.example', ...headers };
        const call = send({ host: '127.0.0.1', port, method, path, headers: all }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        });
        call.on('error', reject);
        call.end(body);
      }),
    stop: () => listening.stop(1_000),
  };
}
