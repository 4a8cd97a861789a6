import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { AppError } from '../shared/errors.ts';
import { shownUrl } from './check-url.ts';
import { discard, explainFailure, follow, type Hop, type Route } from './follow.ts';

export interface DownloadProgress {
  readonly receivedBytes: number;
  /** Unknown where the server does not say. */
  readonly totalBytes: number | undefined;
}

export interface DownloadOptions {
  readonly maxBytes: number;
  /** For the whole file, all attempts together. */
  readonly timeoutMs: number;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

const ATTEMPTS = 4; // as long as each of them brings bytes

/**
 * Downloads to a file, going on where a broken connection, or an earlier call, left off. What names the server's file
 * meanwhile lies beside it: where there is another file by then, it is got as a whole.
 */
export async function download(route: Route, start: string, file: string, options: DownloadOptions): Promise<void> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  for (let attempt = 1; ; attempt += 1) {
    const before = await sizeOf(file);
    try {
      await continueFile(route, start, file, { ...options, before, signal });
      return await rm(tagOf(file), { force: true });
    } catch (cause) {
      const gained = (await sizeOf(file)) > before;
      if (cause instanceof AppError || signal.aborted || !gained || attempt === ATTEMPTS) {
        throw explainFailure(start, cause);
      }
    }
  }
}

interface Attempt extends DownloadOptions {
  readonly before: number;
  readonly signal: AbortSignal;
}

async function continueFile(route: Route, start: string, file: string, attempt: Attempt): Promise<void> {
  const { before, signal } = attempt;
  const headers = before === 0 ? {} : { range: `bytes=${before}-`, ...(await sameFile(file)) };
  const hop = await follow(route, start, { headers, signal });
  const { statusCode } = hop.response;
  if (statusCode === 416 && before > 0) {
    await discard(hop.response);
    await truncate(file, 0); // it held more than there is: begin again
    return continueFile(route, start, file, { ...attempt, before: 0 });
  }
  if (statusCode !== 200 && statusCode !== 206) {
    await discard(hop.response);
    throw new AppError('UNAVAILABLE', `${shownUrl(hop.url)} answers with status ${statusCode}`);
  }
  return write(hop, file, attempt);
}

async function write({ url, response }: Hop, file: string, attempt: Attempt): Promise<void> {
  const { maxBytes, onProgress, signal } = attempt;
  const resumes = response.statusCode === 206 && startOf(response.headers['content-range']) === attempt.before;
  if (response.statusCode === 206 && !resumes) {
    await discard(response);
    throw new AppError('UNAVAILABLE', `${shownUrl(url)} answers with another part than was asked for`);
  }
  if (!resumes) await keepTag(file, response.headers['etag']);
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  let receivedBytes = resumes ? attempt.before : 0;
  const totalBytes = Number.isSafeInteger(length) ? receivedBytes + length : undefined;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      receivedBytes += chunk.length;
      onProgress?.({ receivedBytes, totalBytes });
      done(receivedBytes > maxBytes ? tooLarge(url, maxBytes) : null, chunk);
    },
  });
  if ((totalBytes ?? 0) > maxBytes) {
    await discard(response);
    throw tooLarge(url, maxBytes);
  }
  await pipeline(response.body, meter, createWriteStream(file, { flags: resumes ? 'a' : 'w', mode: 0o600 }), {
    signal,
  });
}

const tagOf = (file: string): string => `${file}.etag`;

/** Only a strong tag says that two files are the same byte for byte. */
async function keepTag(file: string, tag: string | string[] | undefined): Promise<void> {
  if (typeof tag === 'string' && /^"[\x21\x23-\x7e]{1,200}"$/.test(tag))
    await writeFile(tagOf(file), tag, { mode: 0o600 });
  else await rm(tagOf(file), { force: true });
}

async function sameFile(file: string): Promise<Record<string, string>> {
  const tag = await readFile(tagOf(file), 'utf8').catch(() => undefined);
  return tag === undefined ? {} : { 'if-range': tag };
}

function tooLarge(url: URL, maxBytes: number): AppError {
  return new AppError('LIMIT_EXCEEDED', `${shownUrl(url)} is larger than ${maxBytes} bytes`);
}

function startOf(contentRange: string | string[] | undefined): number {
  const match = /^bytes (\d+)-/.exec(typeof contentRange === 'string' ? contentRange : '');
  return match === null ? Number.NaN : Number(match[1]);
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
