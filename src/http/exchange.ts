import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Caller } from '../shared/caller.ts';
import { newUlid } from '../shared/ids.ts';
import type { AddressOf } from './caller-address.ts';

/** One HTTP request with its answer to be. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Names the request in the log and in answers. */
  readonly requestId: string;
  /** Path without the query string. */
  readonly path: string;
  /** From the `?` on; empty when there is none. */
  readonly search: string;
  readonly startedAt: number;
  /** Where it comes from; the only address that anything goes by. */
  readonly remoteAddress: string | undefined;
  /** Who called, once it is known: for the log. */
  caller: Caller | undefined;
}

// Unique without asking the system for random numbers at each request: one name a process, then a count.
const processName = newUlid();
let requests = 0;

export function createExchange(request: IncomingMessage, response: ServerResponse, addressOf: AddressOf): Exchange {
  const url = request.url ?? '/';
  const mark = url.indexOf('?');
  return {
    request,
    response,
    requestId: `${processName}-${(++requests).toString(36)}`,
    path: mark === -1 ? url : url.slice(0, mark),
    search: mark === -1 ? '' : url.slice(mark),
    startedAt: performance.now(),
    remoteAddress: addressOf(request),
    caller: undefined,
  };
}

// Sent with every answer. Answers hold data of one caller: nobody in between may keep them.
export const securityHeaders: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cache-Control': 'no-store',
};

const fixedHeaders: readonly string[] = Object.entries(securityHeaders).flat();

export type ExtraHeaders = Readonly<Record<string, string>>;

/** Writes a whole answer at once. */
export function send(exchange: Exchange, status: number, type: string, text: string, extra?: ExtraHeaders): void {
  const { response, requestId } = exchange;
  if (response.headersSent) return;
  const bytes = Buffer.byteLength(text);
  const headers = [
    'Content-Type',
    `${type}; charset=utf-8`,
    'Content-Length',
    String(bytes),
    'X-Request-Id',
    requestId,
    ...fixedHeaders,
  ];
  if (extra !== undefined) for (const [name, value] of Object.entries(extra)) headers.push(name, value);
  response.writeHead(status, headers);
  response.end(text, bytes === text.length ? 'latin1' : 'utf8'); // plain ASCII needs no transcoding
}
