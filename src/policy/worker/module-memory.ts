import type { WasmMemory } from './web-assembly.ts';

const PAGE_BYTES = 64 * 1024;
const MAX_BYTES_PER_UNIT = 3; // of UTF-8 for a UTF-16 code unit

/** Text in a module's memory. Buffers read and write short text faster than encoders do. */
export class ModuleMemory {
  readonly wasm: WasmMemory;
  #view: Buffer;

  constructor(memory: WasmMemory) {
    this.wasm = memory;
    this.#view = Buffer.from(memory.buffer);
  }

  /** What the memory has grown to. */
  get byteLength(): number {
    return this.wasm.buffer.byteLength;
  }

  /** Length in bytes of the text up to its closing zero. */
  lengthAt(address: number): number {
    const end = this.#current().indexOf(0, address);
    return (end === -1 ? this.byteLength : end) - address;
  }

  textAt(address: number, bytes = this.lengthAt(address)): string {
    return this.#current().toString('utf8', address, address + bytes);
  }

  /** Writes text, growing the memory if need be. @returns its bytes */
  write(text: string, address: number): number {
    const missing = address + text.length * MAX_BYTES_PER_UNIT - this.byteLength;
    if (missing > 0) this.wasm.grow(Math.ceil(missing / PAGE_BYTES));
    return this.#current().write(text, address, 'utf8');
  }

  /** Growing replaces the buffer, also when the module itself grows. */
  #current(): Buffer {
    if (this.#view.buffer !== this.wasm.buffer) this.#view = Buffer.from(this.wasm.buffer);
    return this.#view;
  }
}
