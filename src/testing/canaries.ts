import { readdirSync, readFileSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import type { Random } from './campaign.ts';

/** A secret that must not be seen again, and what it was planted as. */
interface Planted {
  readonly kind: string;
  readonly forms: readonly Buffer[];
}

export interface Hit {
  readonly kind: string;
  /** Which output. */
  readonly where: string;
  /** The words around it. */
  readonly around: string;
}

// What follows the mark makes the forms differ that a text takes in JSON, in addresses, on one line.
const tails = ['', '"quoted"\\', ' &?=%/+ e', '\nsecond line of it', '\t<b>&amp;</b>', "'; --", ' é ☂'];

const letters = 'abcdefghjkmnpqrstuvwxyz23456789'.split('');
const AROUND = 300;
const CLOCK_SLACK_MS = 2_000; // file systems round times

/**
 * Secrets that can be recognised wherever they come out: plain, and so in JSON and in addresses too, in hexadecimal, in
 * base64 at any offset, in UTF-16, turned round.
 */
export class Canaries {
  private readonly planted: Planted[] = [];
  /** Begins each mark, so that one look finds any of them. */
  private readonly family: string;
  /** What is looked for: the family, and secrets that are of none. */
  private readonly needles: Buffer[];

  constructor(random: Random) {
    this.family = `Zq${textOf(8, random)}`;
    this.needles = [...formsOf(this.family), ...formsOf(turned(this.family))];
  }

  get count(): number {
    return this.planted.length;
  }

  /** A new secret. Its mark is at its beginning and at its end. */
  make(kind: string, random: Random, tail = random.pick(tails)): string {
    const mark = `${this.family}${textOf(8, random)}`;
    this.planted.push({ kind, forms: [...formsOf(mark), ...formsOf(turned(mark))] });
    return tail === '' ? mark : `${mark}${tail}${mark}`;
  }

  /** Watches for a secret that the server made. */
  watch(kind: string, secret: string): void {
    const forms = formsOf(secret);
    this.planted.push({ kind, forms });
    this.needles.push(...forms);
  }

  /** Where secrets show in an output: each kind once. */
  findIn(where: string, output: string | Buffer): Hit[] {
    const bytes = Buffer.isBuffer(output) ? output : Buffer.from(output);
    const found = this.needles.flatMap((needle) => placesOf(bytes, needle).map((at) => this.hitAt(bytes, at, where)));
    return [...new Map(found.map((hit) => [hit.kind, hit])).values()];
  }

  private hitAt(bytes: Buffer, at: number, where: string): Hit {
    const around = bytes.subarray(Math.max(0, at - AROUND), at + AROUND);
    const known = this.planted.find(({ forms }) => forms.some((form) => around.includes(form)));
    return { kind: known?.kind ?? 'a part of a secret', where, around: around.toString('latin1') };
  }

  /**
   * The same of all files below a folder, of those that were written since a moment: what is older can hold none. Packed
   * ones are unpacked.
   */
  findBelow(folder: string, sinceMs: number, leftOut: readonly string[] = []): { hits: Hit[]; bytes: number } {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
    const read = files.filter((path) => {
      const about = lstatSync(path);
      return !leftOut.includes(path) && about.isFile() && about.mtimeMs >= sinceMs - CLOCK_SLACK_MS;
    });
    let bytes = 0;
    const hits = read.flatMap((path) => {
      const content = readFileSync(path);
      bytes += content.length;
      return [content, ...unpacked(content)].flatMap((each) => this.findIn(path, each));
    });
    return { hits, bytes };
  }
}

function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const texts = [secret, hex, hex.toUpperCase(), encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  const packed = [0, 1, 2].flatMap((offset) => {
    // the characters that hold bits of the neighbours are left out
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const core = text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const forms = new Set([...texts, ...packed]);
  return [...[...forms].map((text) => Buffer.from(text)), Buffer.from(secret, 'utf16le')];
}

function placesOf(bytes: Buffer, needle: Buffer): number[] {
  const places: number[] = [];
  for (let at = bytes.indexOf(needle); at >= 0 && places.length < 100; at = bytes.indexOf(needle, at + 1))
    places.push(at);
  return places;
}

const turned = (text: string): string => text.split('').toReversed().join('');
const textOf = (length: number, random: Random): string => Array.from({ length }, () => random.pick(letters)).join('');

function unpacked(content: Buffer): Buffer[] {
  if (content[0] !== 0x1f || content[1] !== 0x8b) return [];
  return [gunzipSync(content)];
}
