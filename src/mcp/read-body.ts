import type { IncomingMessage } from 'node:http';

import type { Json } from '../shared/json.ts';
import type { HttpRefusal } from './guard-request.ts';

const PARSE_ERROR = -32_700;
const TOO_LARGE = -32_000;
const INVALID_REQUEST = -32_600;
const MAX_DEPTH = 120; // the values of a document may have 100 levels, and lie a few levels down in a call

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
  const message = parse(Buffer.concat(chunks).toString('utf8'));
  if (message === undefined) return refused(400, PARSE_ERROR, 'the body is not JSON');
  if (isDeep(message)) return refused(400, INVALID_REQUEST, `the body is nested in more than ${MAX_DEPTH} levels`);
  return { ok: true, message };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Without recursion, which is what deep values are sent against. */
function isDeep(message: Json): boolean {
  let level: readonly Json[] = [message];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return true;
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values<Json>(value) : []));
  }
  return false;
}

function refused(status: number, rpcCode: number, message: string): Body {
  return { ok: false, refusal: { status, rpcCode, message } };
}
