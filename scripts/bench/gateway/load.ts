import { Agent, request } from 'node:http';

/** One request of the load and the reply that it must get. */
export interface Shot {
  readonly body: string;
  readonly token: string;
  /** Equal keys must get equal replies from every server. */
  readonly key: string;
}

export interface LoadResult {
  readonly correct: number;
  readonly wrong: number;
}

const CONNECTIONS = 20;

/**
 * Sends `count` requests over 20 connections.
 *
 * @param replies replies by key; filled by whoever comes first, compared byte for byte by the others
 */
export async function sendLoad(
  port: number,
  count: number,
  next: () => Shot,
  replies: Map<string, string>,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  let sent = 0;
  let correct = 0;
  const client = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      const shot = next();
      const reply = await send(agent, port, shot);
      const expected = replies.get(shot.key) ?? reply;
      replies.set(shot.key, expected);
      if (reply === expected && reply.startsWith('{"data":{')) correct += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => client()));
  agent.destroy();
  return { correct, wrong: count - correct };
}

function send(agent: Agent, port: number, { body, token }: Shot): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      'content-length': Buffer.byteLength(body),
    };
    const call = request({ agent, host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}
