// The executor's process. The server starts it with an empty environment; it holds no database handle and no key, and
// lives as long as the channel to the server.
import { AppError, invariant, maskError } from '../shared/errors.ts';
import { newUlid } from '../shared/ids.ts';
import { preloadProtocol } from '../providers/index.ts';
import { killGroup } from './child-program.ts';
import type { ProviderSession } from './executor.ts';
import type { ExecutorSettings, FromExecutor, ToExecutor } from './messages.ts';
import { ProviderPool } from './provider-pool.ts';
import { type ProcessSettings, startProvider } from './provider-process.ts';
import { readSchema } from './read-schema.ts';
import { configureProvider, validateConfiguration } from './configure-provider.ts';
import { SessionCalls } from './session-calls.ts';

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024; // far above any one object's state; a larger answer is a fault

const settings = parseSettings(process.argv[2]);
const alive = new Set<number>();
const partsTaken = new Map<number, () => void>();

const processSettings: ProcessSettings = {
  socketDir: settings.socketDir,
  workDir: settings.workDir,
  isolated: settings.isolated,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  startTimeoutMs: settings.startTimeoutMs,
  onStart: (pid, folder) => {
    alive.add(pid);
    send({ kind: 'started', pid, folder });
  },
  onEnd: (pid) => {
    alive.delete(pid);
    send({ kind: 'ended', pid });
  },
};

const pool = new ProviderPool({ ...settings, start: startSession });
const calls = new SessionCalls(pool, settings.startTimeoutMs);

async function startSession(session: ProviderSession) {
  const provider = await startProvider(session, processSettings);
  await configureProvider(provider, session, settings.startTimeoutMs);
  return provider;
}

function parseSettings(text: string | undefined): ExecutorSettings {
  invariant(text !== undefined, 'the executor is started by the server, with its settings');
  return JSON.parse(text) as ExecutorSettings;
}

function send(message: FromExecutor): void {
  if (process.connected) process.send?.(message);
}

async function handle(message: Exclude<ToExecutor, { kind: 'next' }>): Promise<unknown> {
  switch (message.kind) {
    case 'call':
      return calls.run(message.session, message.call, message);
    case 'validateProvider':
      return validateConfiguration(message.session, processSettings, message.timeoutMs);
    case 'schema':
      return readSchema(message, processSettings, (part) => {
        send({ kind: 'part', id: message.id, part });
        return new Promise((resolve) => partsTaken.set(message.id, resolve));
      });
    case 'cancel':
      return calls.cancel(message.operationId);
    case 'close':
      return pool.close();
  }
}

async function answer(message: ToExecutor): Promise<void> {
  if (message.kind === 'next') return partsTaken.get(message.id)?.();
  const { id } = message;
  try {
    send({ kind: 'result', id, result: await handle(message) });
  } catch (error) {
    send({ kind: 'failure', id, failure: describeFailure(error) });
  } finally {
    partsTaken.delete(id);
  }
}

function describeFailure(error: unknown) {
  if (!(error instanceof AppError)) {
    const stack = error instanceof Error ? error.stack : undefined;
    send({ kind: 'log', details: { stack }, message: 'the executor failed by its own fault' });
  }
  const { code, message, details } = maskError(error, newUlid());
  return { code, message, details };
}

// The server is gone: nobody will ever ask for these providers again.
function leave(): void {
  for (const pid of alive) killGroup(pid);
  process.exit(0);
}

process.on('SIGINT', () => {}); // a terminal's Ctrl-C is for the server to handle; the channel's end tells us
process.on('SIGTERM', () => {});
process.on('disconnect', leave);
process.on('message', (message: ToExecutor) => void answer(message));
send({ kind: 'ready' });
await preloadProtocol();
