import { pino } from 'pino';

export interface Logger {
  debug(details: object, message: string): void;
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
  child(bindings: Record<string, unknown>): Logger;
}

// Names under which a secret could be logged by mistake; pino replaces their values at any of these depths.
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'secret',
  'token',
  'jwt',
  'password',
  'config',
  'state',
  'environment',
];
const redactPaths = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

/** JSON lines on stderr: stdout belongs to what a person reads or a script parses. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      redact: { paths: redactPaths, censor: '[redacted]' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

const discard = (): void => {};

export const silentLogger: Logger = {
  debug: discard,
  info: discard,
  warn: discard,
  error: discard,
  child: () => silentLogger,
};
