import { randomFillSync } from 'node:crypto';

import { monotonicFactory } from 'ulid';

import { badInput } from './errors.ts';

// An id takes sixteen random characters; drawn one by one they cost more than the rest of a row.
const drawn = Buffer.alloc(1_024);
let used = drawn.length;

function nextFraction(): number {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  const byte = drawn.readUInt8(used);
  used += 1;
  return byte / 256;
}

const nextUlid = monotonicFactory(nextFraction);

/** 26 characters, sorted by time of creation; monotonic within one process. */
export function newUlid(): string {
  return nextUlid();
}

const SLUG_MAX_LENGTH = 64; // fits a URL segment and a database index with room for a uniqueness suffix

/** Readable id made from a name: `My Project!` -> `my-project`. Stable: renaming never changes it. */
export function slugify(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, SLUG_MAX_LENGTH)
    .replace(/-+$/g, '');
  if (slug === '') throw badInput('name', 'must have at least one letter or digit');
  return slug;
}
