import { gunzipSync } from 'node:zlib';

const BLOCK_BYTES = 512;
const MAX_BUNDLE_BYTES = 64 * 1024 * 1024;

/**
 * One file out of the bundle that `opa build` writes: a gzipped tar with short names and plain files only.
 *
 * @returns `undefined` when the bundle has no such file
 */
export function readBundleFile(bundle: Uint8Array, name: string): Uint8Array | undefined {
  const tar = gunzipSync(bundle, { maxOutputLength: MAX_BUNDLE_BYTES });
  for (let at = 0; at + BLOCK_BYTES <= tar.length;) {
    const size = Number.parseInt(headerText(tar, at + 124, 12), 8) || 0;
    const start = at + BLOCK_BYTES;
    if (headerText(tar, at, 100) === name) return tar.subarray(start, start + size);
    at = start + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return undefined;
}

function headerText(tar: Buffer, from: number, length: number): string {
  const text = tar.toString('latin1', from, from + length);
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}
