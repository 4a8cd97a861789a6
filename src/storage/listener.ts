import type { Logger } from '../shared/logger.ts';

const RECONNECT_MS = 1000;

interface Notification {
  readonly channel: string;
  readonly payload?: string | undefined;
}

interface ListenerClient {
  query(text: string): Promise<unknown>;
  on(event: 'notification', handler: (message: Notification) => void): unknown;
  on(event: 'error' | 'end', handler: () => void): unknown;
  release(destroy: boolean): void;
}

/** The part of the driver's pool that we use; the driver ships no types. */
export interface ListenerPool {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
  connect(): Promise<ListenerClient>;
}

type Handler = (payload: string) => void;

/** Hears notifications of any number of channels on one connection of its own. */
export interface Listener {
  /** @returns a function that stops listening */
  listen(channel: string, handler: Handler): Promise<() => void>;
  close(): void;
}

/**
 * Connects when somebody listens first and comes back after a lost connection. After each reconnection the handlers get
 * an empty payload, because notifications sent meanwhile are gone.
 */
export function createListener(pool: ListenerPool, log: Logger): Listener {
  const handlers = new Map<string, Set<Handler>>();
  let client: ListenerClient | undefined;
  let opening: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const open = async (): Promise<void> => {
    const fresh = await pool.connect();
    client = fresh;
    const lost = (): void => drop(fresh);
    fresh.on('notification', ({ channel, payload = '' }) => handlers.get(channel)?.forEach((each) => each(payload)));
    fresh.on('error', lost);
    fresh.on('end', lost);
    try {
      for (const channel of handlers.keys()) await fresh.query(listenTo(channel));
    } catch (error) {
      if (client === fresh) fresh.release(true);
      client = undefined;
      throw error;
    }
    if (closed) lost();
  };
  const drop = (lost: ListenerClient): void => {
    if (client !== lost) return;
    client = undefined;
    lost.release(true);
    if (!closed) retry();
  };
  const retry = (): void => {
    if (timer !== undefined) return;
    log.warn({}, 'lost the connection that listens for notifications; trying again');
    timer = setTimeout(() => {
      timer = undefined;
      opening = open()
        .then(() => handlers.forEach((some) => some.forEach((each) => each(''))), retry)
        .finally(() => (opening = undefined));
    }, RECONNECT_MS).unref();
  };

  return {
    async listen(channel, handler) {
      const some = handlers.get(channel) ?? new Set();
      handlers.set(channel, some.add(handler));
      // While the connection is lost, whoever brings it back listens to this channel too.
      if (client === undefined && timer === undefined) {
        await (opening ??= open().finally(() => (opening = undefined)));
      }
      await client?.query(listenTo(channel));
      return () => void some.delete(handler);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      if (client !== undefined) drop(client);
    },
  };
}

function listenTo(channel: string): string {
  return `listen "${channel.replaceAll('"', '""')}"`;
}
