import type { IncomingMessage } from 'node:http';

import type { Json } from '../shared/json.ts';
import type { HttpRefusal } from './guard-request.ts';

const PARSE_ERROR = -32_700;
const TOO_LARGE = -32_000;

export type Body =
  | { readonly ok: true; readonly message: Json }
  | { readonly ok: false; readonly refusal: HttpRefusal };

/** Reads a JSON body of at most `maxBytes`; what is longer is not kept. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) return refused(413, TOO_LARGE, `the body is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return { ok: true, message: JSON.parse(Buffer.concat(chunks).toString('utf8')) as Json };
  } catch {
    return refused(400, PARSE_ERROR, 'the body is not JSON');
  }
}

function refused(status: number, rpcCode: number, message: string): Body {
  return { ok: false, refusal: { status, rpcCode, message } };
}
