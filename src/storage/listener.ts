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

/**
 * Listens on a connection of its own and comes back after a lost one. After each reconnection the handler gets an
 * empty payload, because notifications sent meanwhile are gone.
 *
 * @returns a function that stops listening
 */
export async function keepListening(
  pool: ListenerPool,
  channel: string,
  handler: (payload: string) => void,
  log: Logger,
): Promise<() => void> {
  let client: ListenerClient | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const lost = (): void => {
    if (client === undefined) return;
    client.release(true);
    client = undefined;
    if (!stopped) retry();
  };
  const retry = (): void => {
    log.warn({ channel }, 'lost the connection that listens for notifications; trying again');
    timer = setTimeout(() => {
      connect().then(() => handler(''), retry);
    }, RECONNECT_MS);
    timer.unref();
  };
  const connect = async (): Promise<void> => {
    const fresh = await pool.connect();
    client = fresh;
    fresh.on('notification', (message) => {
      if (message.channel === channel) handler(message.payload ?? '');
    });
    fresh.on('error', lost);
    fresh.on('end', lost);
    await fresh.query(`listen "${channel.replaceAll('"', '""')}"`);
    if (stopped) lost();
  };

  await connect();
  return () => {
    stopped = true;
    clearTimeout(timer);
    lost();
  };
}
