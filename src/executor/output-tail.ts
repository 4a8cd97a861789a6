import type { Readable } from 'node:stream';

const MAX_LINES = 40;
const MAX_LINE_LENGTH = 1_000;

const PANIC = /^(?:panic|fatal error|\w*Error): /;
const CHATTER = /^\{"@level":"(?:trace|debug|info)"/; // the log that plugin libraries write by themselves

/**
 * Reads a provider's stderr to its end, always: a full pipe would stop the provider. Only the last lines are kept.
 */
export class OutputTail {
  private readonly lines: string[] = [];
  private rest = '';
  /** Settles when the stream has ended: nobody is left who could write to it. */
  readonly ended: Promise<void>;

  constructor(stream: Readable) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => this.take(chunk));
    this.ended = new Promise((resolve) => {
      stream.once('close', resolve);
      stream.on('error', () => resolve()); // the process is gone; its exit says so
    });
  }

  /** The line that says most about an end: a panic if there is one, else the last one. */
  lastWords(): string | undefined {
    const lines = [...this.lines, this.rest].filter((line) => line.trim() !== '' && !CHATTER.test(line));
    return lines.findLast((line) => PANIC.test(line)) ?? lines.at(-1);
  }

  /** Adds text that came another way. */
  take(chunk: string): void {
    const parts = (this.rest + chunk).split('\n');
    this.rest = (parts.pop() ?? '').slice(0, MAX_LINE_LENGTH);
    const kept = parts.slice(-MAX_LINES).map((line) => line.slice(0, MAX_LINE_LENGTH));
    this.lines.push(...kept);
    this.lines.splice(0, this.lines.length - MAX_LINES);
  }
}
