import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { AppError } from '../shared/errors.ts';

export interface Listening {
  /** The port that was taken, also when 0 was asked for. */
  readonly port: number;
  /** Takes no new requests, lets those in flight end, and closes what is left after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000; // to receive a request whole; answering it may take longer
const KEEP_ALIVE_TIMEOUT_MS = 65_000; // longer than the idle time of usual load balancers, so that they close first
const IDLE_CHECK_MS = 50;
const MAX_HEADER_BYTES = 16 * 1024;

export async function listen(listener: RequestListener, host: string, port: number): Promise<Listening> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    listener,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explainListen(error, host, port)));
    server.listen(port, host, resolve);
  });
  return { port: parseAddress(server.address()).port, stop: (graceMs) => stop(server, graceMs) };
}

function explainListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const advice: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} is in use by another program; set PORT to a free one`,
    EACCES: `port ${port} needs more rights than this user has; set PORT to one above 1023`,
    EADDRNOTAVAIL: `${host} is not an address of this computer; set HOST to one that is`,
    ENOTFOUND: `${host} is not an address of this computer; set HOST to one that is`,
  };
  const message = advice[error.code ?? ''];
  return message === undefined ? error : new AppError('UNAVAILABLE', message, { cause: error });
}

function parseAddress(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the server listens on no TCP port');
  return address;
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that has answered its last request stays open for another one until it is closed here.
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  server.closeIdleConnections();
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
