const INITIAL_BYTES = 256;

/** Writes the part of MessagePack that Terraform's values use, always in the shortest form. */
export class MsgpackWriter {
  private buffer = Buffer.allocUnsafe(INITIAL_BYTES);
  private length = 0;

  nil(): void {
    this.byte(0xc0);
  }

  bool(value: boolean): void {
    this.byte(value ? 0xc3 : 0xc2);
  }

  /** @param value within 64 bits with sign */
  integer(value: bigint): void {
    if (value >= 0n) this.positive(value);
    else this.negative(value);
  }

  double(value: number): void {
    this.byte(0xcb);
    this.length = this.room(8).writeDoubleBE(value, this.length);
  }

  string(value: string): void {
    const size = Buffer.byteLength(value);
    if (size < 32) this.byte(0xa0 | size);
    else if (size < 0x100) this.tagged(0xd9, 1, size);
    else if (size < 0x10000) this.tagged(0xda, 2, size);
    else this.tagged(0xdb, 4, size);
    this.length += this.room(size).write(value, this.length);
  }

  binary(value: Uint8Array): void {
    if (value.length < 0x100) this.tagged(0xc4, 1, value.length);
    else if (value.length < 0x10000) this.tagged(0xc5, 2, value.length);
    else this.tagged(0xc6, 4, value.length);
    this.raw(value);
  }

  extension(type: number, payload: Uint8Array): void {
    const fixed = [1, 2, 4, 8, 16].indexOf(payload.length);
    if (fixed >= 0) this.byte(0xd4 + fixed);
    else this.tagged(0xc7, 1, payload.length);
    this.byte(type);
    this.raw(payload);
  }

  arrayHeader(size: number): void {
    if (size < 16) this.byte(0x90 | size);
    else if (size < 0x10000) this.tagged(0xdc, 2, size);
    else this.tagged(0xdd, 4, size);
  }

  mapHeader(size: number): void {
    if (size < 16) this.byte(0x80 | size);
    else if (size < 0x10000) this.tagged(0xde, 2, size);
    else this.tagged(0xdf, 4, size);
  }

  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  private positive(value: bigint): void {
    if (value < 0x80n) this.byte(Number(value));
    else if (value < 0x100n) this.tagged(0xcc, 1, Number(value));
    else if (value < 0x10000n) this.tagged(0xcd, 2, Number(value));
    else if (value < 0x100000000n) this.tagged(0xce, 4, Number(value));
    else {
      this.byte(0xcf);
      this.length = this.room(8).writeBigUInt64BE(value, this.length);
    }
  }

  private negative(value: bigint): void {
    if (value >= -0x20n) this.byte(Number(value) & 0xff);
    else if (value >= -0x80n) this.tagged(0xd0, 1, Number(value) & 0xff);
    else if (value >= -0x8000n) this.tagged(0xd1, 2, Number(value) & 0xffff);
    else if (value >= -0x80000000n) this.tagged(0xd2, 4, Number(value) >>> 0);
    else {
      this.byte(0xd3);
      this.length = this.room(8).writeBigInt64BE(value, this.length);
    }
  }

  private tagged(tag: number, width: number, value: number): void {
    this.byte(tag);
    this.length = this.room(width).writeUIntBE(value, this.length, width);
  }

  private raw(value: Uint8Array): void {
    this.room(value.length).set(value, this.length);
    this.length += value.length;
  }

  private byte(value: number): void {
    this.room(1)[this.length] = value;
    this.length += 1;
  }

  private room(size: number): Buffer {
    const wanted = this.length + size;
    if (wanted > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(wanted, this.buffer.length * 2));
      this.buffer.copy(larger, 0, 0, this.length);
      this.buffer = larger;
    }
    return this.buffer;
  }
}
