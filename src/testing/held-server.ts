import type { IntentLimits } from '../intent/engine.ts';
import { isJsonObject } from '../shared/json.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './server.ts';

/** A server whose operations can be held before a step, so that it is killed exactly there. */
export interface HeldServer extends TestServer {
  /**
   * From when this returns on, the next operation that comes to the step is held before it.
   *
   * @param pass how many times the step may be passed before
   */
  holdBefore(step: string, pass?: number): Promise<Hold>;
  /** Lets everything that is held go on, and holds nothing more. */
  release(): void;
}

export interface Hold {
  /** Resolves when an operation is held. */
  readonly held: Promise<void>;
}

const WITHIN_MS = 180_000; // machines are shared

export interface HeldServerOptions extends Omit<TestServerOptions, 'program' | 'programArgument'> {
  /** How patient the engine is, where tests are not. */
  readonly limits?: Partial<IntentLimits>;
}

export async function startHeldServer({ limits = {}, ...options }: HeldServerOptions = {}): Promise<HeldServer> {
  const program = { program: 'testing/held-server-main.ts', programArgument: JSON.stringify(limits) };
  const server = await startTestServer({ ...options, ...program });
  return {
    ...server,
    async holdBefore(step, pass = 0) {
      const armed = untilTold(server, { armed: step });
      const held = untilTold(server, { held: step });
      held.catch(() => undefined); // a test that failed before waits for it no more
      server.process.send({ hold: step, pass });
      await armed;
      return { held };
    },
    release: () => void server.process.send({ release: true }),
  };
}

function untilTold(server: TestServer, what: Readonly<Record<string, string>>): Promise<void> {
  const [[key, value] = ['', '']] = Object.entries(what);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (): void => reject(new Error(`nothing is ${key}: ${value}\n${server.output()}`));
  const timer = setTimeout(fail, WITHIN_MS);
  const listen = (message: unknown): void => {
    if (isJsonObject(message) && message[key] === value) resolve();
  };
  server.process.on('message', listen);
  server.process.once('exit', fail);
  return promise.finally(() => {
    clearTimeout(timer);
    server.process.off('message', listen);
    server.process.off('exit', fail);
  });
}
