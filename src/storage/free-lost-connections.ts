interface PooledClient {
  once(event: 'error' | 'end', handler: () => void): unknown;
  release(destroy: boolean): void;
}

/** The events of the driver's pool that we use; the driver ships no types. */
export interface EventfulPool {
  on(event: 'connect' | 'acquire', handler: (client: PooledClient) => void): unknown;
  on(event: 'release', handler: (error: unknown, client: PooledClient) => void): unknown;
}

const GRACE_MS = 500; // whoever gives a lost connection back does so as soon as it is told

/**
 * Gives back to the pool what nobody else does. The query builder keeps a connection until its transaction is committed
 * or rolled back, and on a lost one neither ever succeeds: without this each takes a place of the pool for good.
 */
export function freeLostConnections(pool: EventfulPool): void {
  const held = new WeakSet<PooledClient>();
  pool.on('acquire', (client) => void held.add(client));
  pool.on('release', (_error, client) => void held.delete(client));
  pool.on('connect', (client) => {
    const free = (): void => {
      if (held.has(client)) client.release(true);
    };
    const lost = (): void => void setTimeout(free, GRACE_MS).unref();
    client.once('error', lost);
    client.once('end', lost);
  });
}
