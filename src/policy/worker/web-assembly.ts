// The part of WebAssembly we use, with types of our own: the compiler's come with those of a browser, which this
// project has only when some package happens to ask for them.

export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export interface WasmInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => WasmModule;
  readonly Memory: new (descriptor: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (module: WasmModule, imports: object) => WasmInstance;
}

export const wasm: WasmApi = readApi(globalThis);

function readApi(scope: object): WasmApi {
  return Reflect.get(scope, 'WebAssembly') as WasmApi; // the platform's own object, the same in every Node
}
