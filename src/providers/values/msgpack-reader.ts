/** What the next bytes hold. */
export type MsgpackKind = 'nil' | 'bool' | 'integer' | 'float' | 'string' | 'binary' | 'array' | 'map' | 'extension';

/** The bytes are not what they should be. The message says what was met, never the content. */
export class MsgpackError extends Error {}

// First byte to kind, for the tags from 0xc0 to 0xdf; the rest are ranges.
const TAGGED: readonly (MsgpackKind | undefined)[] = [
  'nil',
  undefined,
  'bool',
  'bool',
  'binary',
  'binary',
  'binary',
  'extension',
  'extension',
  'extension',
  'float',
  'float',
  'integer',
  'integer',
  'integer',
  'integer',
  'integer',
  'integer',
  'integer',
  'integer',
  'extension',
  'extension',
  'extension',
  'extension',
  'extension',
  'string',
  'string',
  'string',
  'array',
  'array',
  'map',
  'map',
];

function kindOf(tag: number): MsgpackKind {
  if (tag < 0x80 || tag >= 0xe0) return 'integer';
  if (tag < 0x90) return 'map';
  if (tag < 0xa0) return 'array';
  if (tag < 0xc0) return 'string';
  const kind = TAGGED[tag - 0xc0];
  if (kind === undefined) throw new MsgpackError(`unused tag ${tag}`);
  return kind;
}

/** Reads MessagePack by what the reader expects next. Every length is checked against the bytes that are there. */
export class MsgpackReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  peek(): MsgpackKind {
    return kindOf(this.byteAt(this.at));
  }

  atEnd(): boolean {
    return this.at === this.buffer.length;
  }

  nil(): void {
    this.expect('nil');
    this.at += 1;
  }

  bool(): boolean {
    this.expect('bool');
    return this.byte() === 0xc3;
  }

  integer(): bigint {
    this.expect('integer');
    const tag = this.byte();
    if (tag < 0x80) return BigInt(tag);
    if (tag >= 0xe0) return BigInt(tag - 0x100);
    if (tag === 0xcf) return this.buffer.readBigUInt64BE(this.take(8));
    if (tag === 0xd3) return this.buffer.readBigInt64BE(this.take(8));
    if (tag < 0xd0) return BigInt(this.unsigned(2 ** (tag - 0xcc)));
    const width = 2 ** (tag - 0xd0);
    return BigInt(this.buffer.readIntBE(this.take(width), width));
  }

  float(): number {
    this.expect('float');
    return this.byte() === 0xca ? this.buffer.readFloatBE(this.take(4)) : this.buffer.readDoubleBE(this.take(8));
  }

  string(): string {
    this.expect('string');
    const tag = this.byte();
    const size = tag < 0xc0 ? tag & 0x1f : this.unsigned(2 ** (tag - 0xd9));
    const start = this.take(size);
    return this.buffer.toString('utf8', start, start + size);
  }

  binary(): Buffer {
    this.expect('binary');
    const size = this.unsigned(2 ** (this.byte() - 0xc4));
    const start = this.take(size);
    return this.buffer.subarray(start, start + size);
  }

  extension(): { type: number; payload: Buffer } {
    this.expect('extension');
    const tag = this.byte();
    const size = tag >= 0xd4 ? 2 ** (tag - 0xd4) : this.unsigned(2 ** (tag - 0xc7));
    const type = this.byte();
    const start = this.take(size);
    return { type, payload: this.buffer.subarray(start, start + size) };
  }

  arrayHeader(): number {
    this.expect('array');
    const tag = this.byte();
    return this.countChecked(tag < 0xc0 ? tag & 0x0f : this.unsigned(tag === 0xdc ? 2 : 4), 1);
  }

  mapHeader(): number {
    this.expect('map');
    const tag = this.byte();
    return this.countChecked(tag < 0xc0 ? tag & 0x0f : this.unsigned(tag === 0xde ? 2 : 4), 2);
  }

  // A header of four bytes may claim four billion elements; each needs at least one byte.
  private countChecked(count: number, bytesEach: number): number {
    if (count * bytesEach > this.buffer.length - this.at) throw new MsgpackError('length beyond the end');
    return count;
  }

  private expect(kind: MsgpackKind): void {
    const met = this.peek();
    if (met !== kind) throw new MsgpackError(`${met} in place of ${kind}`);
  }

  private unsigned(width: number): number {
    return this.buffer.readUIntBE(this.take(width), width);
  }

  private byte(): number {
    const value = this.byteAt(this.at);
    this.at += 1;
    return value;
  }

  private byteAt(index: number): number {
    const value = this.buffer[index];
    if (value === undefined) throw new MsgpackError('cut short');
    return value;
  }

  private take(size: number): number {
    const start = this.at;
    if (start + size > this.buffer.length) throw new MsgpackError('cut short');
    this.at = start + size;
    return start;
  }
}
