import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';

import { Agent } from 'undici';

import { badInput } from '../shared/errors.ts';
import { privateHost } from './check-url.ts';
import { download, type DownloadOptions } from './download.ts';
import { get, type GetOptions, type OutboundAnswer, post, type PostOptions } from './get.ts';
import type { Route } from './follow.ts';
import { isPublicAddress } from './public-address.ts';

/** Every address of a host name. */
export type LookupAddresses = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

export interface OutboundOptions {
  /** Hosts (`registry.corp`, `localhost:8080`) that may be private and may be spoken to without TLS. */
  readonly allow?: readonly string[] | undefined;
  /** Stands in for the system's resolver. */
  readonly lookup?: LookupAddresses | undefined;
}

/** Requests to the outside. Redirects are followed, each hop judged like the first. */
export interface Outbound {
  /**
   * Reads a whole answer, whatever its status.
   *
   * @throws AppError BAD_INPUT (a URL that may not be requested), UNAVAILABLE (no answer), LIMIT_EXCEEDED (too large)
   */
  get(url: string, options: GetOptions): Promise<OutboundAnswer>;
  /**
   * Sends a body, JSON unless a header says otherwise, and reads a whole answer, whatever its status. Redirects are not
   * followed: what was sent is meant for nobody else.
   *
   * @throws AppError as `get`
   */
  post(url: string, body: string, options: PostOptions): Promise<OutboundAnswer>;
  /**
   * Writes an answer to a file; what the file already holds is taken for the beginning and not asked for again. The
   * caller compares the result with a checksum, and removes the file when it does not fit.
   *
   * @throws AppError as `get`; also UNAVAILABLE for any status but success
   */
  download(url: string, file: string, options: DownloadOptions): Promise<void>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

export function createOutbound(options: OutboundOptions = {}): Outbound {
  const lookup = options.lookup ?? ((hostname) => systemLookup(hostname, { all: true, verbatim: true }));
  const guarded = new Agent({ connect: { lookup: guardedLookup(lookup), timeout: CONNECT_TIMEOUT_MS } });
  const open = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS } });
  const route: Route = {
    trustedHosts: new Set((options.allow ?? []).map((host) => host.toLowerCase())),
    dispatcherFor: (trusted) => (trusted ? open : guarded),
  };
  return {
    get: (url, request) => get(route, url, request),
    post: (url, body, request) => post(route, url, body, request),
    download: (url, file, request) => download(route, url, file, request),
    close: async () => {
      await Promise.all([guarded.close(), open.close()]);
    },
  };
}

/**
 * The socket connects to what this returns and to nothing else: between the check and the connection no name is looked
 * up again. One private address among several is enough to refuse.
 */
function guardedLookup(lookup: LookupAddresses): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname).then(
      (found) => {
        const [first] = found;
        if (first === undefined || !found.every(({ address }) => isPublicAddress(address))) {
          callback(badInput('url', `the host is refused: ${privateHost(hostname)}`), '', 0);
        } else if (options.all === true) {
          callback(null, [...found]);
        } else {
          callback(null, first.address, first.family);
        }
      },
      (cause: unknown) => callback(cause instanceof Error ? cause : new Error('lookup failed'), '', 0),
    );
  };
}
