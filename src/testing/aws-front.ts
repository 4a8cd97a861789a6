import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A role as it was taken on. */
export interface Assumed {
  readonly role: string;
  readonly sessionName: string;
  readonly externalId: string;
  readonly seconds: number;
}

/** A call of a service, and by which role it came in. */
export interface AwsCall {
  readonly service: string;
  readonly region: string;
  readonly method: string;
  readonly role: string | undefined;
}

/** Stands before a stand-in for AWS and sees who comes in as whom. */
export interface AwsFront {
  readonly url: string;
  readonly assumed: Assumed[];
  readonly calls: AwsCall[];
  /** Names of roles that nobody may take on, as AWS refuses it. */
  readonly refused: Set<string>;
  stop(): Promise<void>;
}

const SCOPE = /Credential=([^/]+)\/\d{8}\/([^/]*)\/([^/]*)\//;
const REFUSAL =
  '<ErrorResponse><Error><Code>AccessDenied</Code><Message>is not authorized to perform: sts:AssumeRole</Message></Error></ErrorResponse>';

export async function startAwsFront(behind: string): Promise<AwsFront> {
  const [assumed, calls, refused] = [[], [], new Set<string>()] as [Assumed[], AwsCall[], Set<string>];
  const roles = new Map<string, string>(); // by access key id
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { searchParams } = new URL(req.url ?? '/', behind);
    const [, key = '', region = '', service = ''] = SCOPE.exec(req.headers.authorization ?? '') ?? [];
    const role = searchParams.get('RoleArn')?.split('/').at(-1);
    if (role !== undefined && refused.has(role)) return void res.writeHead(403).end(REFUSAL);
    const answer = await forward(behind, req);
    if (role === undefined) calls.push({ service, region, method: req.method ?? '', role: roles.get(key) });
    else {
      roles.set(/<AccessKeyId>(\w+)</.exec(answer.body)?.[1] ?? '', role);
      assumed.push({
        role,
        sessionName: searchParams.get('RoleSessionName') ?? '',
        externalId: searchParams.get('ExternalId') ?? '',
        seconds: Number(searchParams.get('DurationSeconds')),
      });
    }
    res.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
  };
  const server = createServer((req, res) => {
    serve(req, res).catch((error: unknown) => res.writeHead(502).end(String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    assumed,
    calls,
    refused,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function forward(behind: string, req: IncomingMessage): Promise<{ status: number; type: string; body: string }> {
  const { host: _host, connection: _connection, 'content-length': _length, ...headers } = req.headers;
  const body = await text(req);
  const answer = await fetch(behind + (req.url ?? '/'), {
    method: req.method ?? 'GET',
    headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]),
    ...(body === '' ? {} : { body }),
  });
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? 'text/plain',
    body: await answer.text(),
  };
}
