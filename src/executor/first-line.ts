import type { Readable } from 'node:stream';

import { HandshakeError } from '../providers/index.ts';

const MAX_LINE_LENGTH = 16_384; // a handshake line is about 900

/**
 * The first line that a program prints. What it prints later is read and dropped: a full pipe would stop it.
 *
 * @throws the signal's reason when it is aborted first; HandshakeError when the line has no end
 */
export function readFirstLine(stream: Readable, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      if (text.includes('\n') || text.length > MAX_LINE_LENGTH) return;
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > MAX_LINE_LENGTH)
        reject(new HandshakeError('it printed no handshake line but something endless'));
    });
    stream.on('end', () => reject(new Error('it ended its output without a handshake line')));
    stream.on('error', reject);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
