import { AppError } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';

/** When a token says that it ends, in Unix seconds. Only the server can say whether it is right. */
export function tokenEnd(token: string): number {
  const claims = readClaims(token);
  const end = isJsonObject(claims) ? claims['exp'] : undefined;
  if (typeof end === 'number') return end;
  throw new AppError('UNAVAILABLE', 'the server answered with a token that says no end; is it a Sluice server?');
}

function readClaims(token: string): Json {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Json;
  } catch {
    return null;
  }
}
