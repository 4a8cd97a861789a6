import { createRequire } from 'node:module';

import { POLICY_PACKAGE } from '../package-name.ts';
import { type OpaExports, readExports } from './abi.ts';
import { createHost, type Host } from './host.ts';
import { wasm, type WasmInstance, type WasmMemory, type WasmModule } from './web-assembly.ts';

/** What the package's class prepares: the empty data document, the heap above it, and the table of entry points. */
interface PreparedPolicy {
  readonly dataAddr: number;
  readonly dataHeapPtr: number;
  readonly entrypoints: Readonly<Record<string, number>>;
}

interface OpaWasm {
  readonly LoadedPolicy: new (instance: WasmInstance, memory: WasmMemory, abiMinorVersion: number) => PreparedPolicy;
}

// The package's ES module door offers only its own loader, which hands builtins lossy JSON (sets become arrays, whole
// numbers become floats) and parses results of any size. Its class is reachable through the CommonJS door.
const { LoadedPolicy } = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as OpaWasm;

const PAGE_BYTES = 64 * 1024;
const INITIAL_PAGES = 16; // 1 MiB: the modules need 2 pages, small inputs then never grow the memory
const MAX_BYTES_PER_UNIT = 3; // of UTF-8 for a UTF-16 code unit
const encoder = new TextEncoder();

/** A policy ready to be asked. Not reentrant; unusable after it threw. */
export interface LoadedModule {
  /** @param input JSON. @returns UTF-8 JSON of the result set, a view that the next evaluation overwrites */
  evaluate(input: string): Uint8Array;
  /** What the module's memory has grown to. */
  memoryBytes(): number;
}

/**
 * Gives a compiled policy its own memory and our builtins.
 *
 * @throws whatever the module does: it may be anything
 */
export function loadPolicy(module: WasmModule, maxPages: number): LoadedModule {
  const memory = new wasm.Memory({ initial: INITIAL_PAGES, maximum: Math.max(maxPages, INITIAL_PAGES) });
  const host = createHost(memory);
  const instance = new wasm.Instance(module, { env: host.imports });
  const abi = readExports(instance.exports);
  host.connect(abi);
  const policy = new LoadedPolicy(instance, memory, abi.abiMinorVersion);
  const entrypoint = Object.hasOwn(policy.entrypoints, POLICY_PACKAGE) ? policy.entrypoints[POLICY_PACKAGE] : undefined;
  if (entrypoint === undefined) throw new Error(`the module has no entry point ${POLICY_PACKAGE}`);
  return {
    evaluate: (input) => evaluate({ abi, host, memory, policy, entrypoint }, input),
    memoryBytes: () => memory.buffer.byteLength,
  };
}

interface Evaluation {
  readonly abi: OpaExports;
  readonly host: Host;
  readonly memory: WasmMemory;
  readonly policy: PreparedPolicy;
  readonly entrypoint: number;
}

/** The input goes right behind the data; everything the last evaluation left there is overwritten. */
function evaluate({ abi, host, memory, policy, entrypoint }: Evaluation, input: string): Uint8Array {
  const { dataAddr, dataHeapPtr } = policy;
  makeRoom(memory, dataHeapPtr + input.length * MAX_BYTES_PER_UNIT);
  const { written } = encoder.encodeInto(input, new Uint8Array(memory.buffer, dataHeapPtr));
  return host.bytesAt(abi.evaluate(entrypoint, dataAddr, dataHeapPtr, written, dataHeapPtr + written));
}

function makeRoom(memory: WasmMemory, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}
