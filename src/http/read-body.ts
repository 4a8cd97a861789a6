import type { IncomingMessage } from 'node:http';

import { AppError, badInput } from '../shared/errors.ts';

/**
 * @returns the body as text
 * @throws LIMIT_EXCEEDED as soon as more than `maxBytes` are announced or have come; the rest is not read
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) return Promise.reject(tooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) return void chunks.push(chunk);
      request.removeAllListeners('data').pause();
      return reject(tooLarge(maxBytes));
    });
    request.once('end', () => resolve(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString()));
    request.once('error', (error) => reject(badInput('body', `could not be read to its end: ${error.message}`)));
  });
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('LIMIT_EXCEEDED', `body: must be at most ${maxBytes} bytes; send less at once`, {
    details: { limit: maxBytes },
  });
}
