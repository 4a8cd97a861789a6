/** A place in a list, as callers hand it back. */
export function writeCursor(position: string): string {
  return Buffer.from(position).toString('base64url');
}

export function readCursor(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString();
}
