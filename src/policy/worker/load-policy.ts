import { createRequire } from 'node:module';

import { POLICY_PACKAGE } from '../package-name.ts';
import { type OpaExports, readExports } from './abi.ts';
import { createHost } from './host.ts';
import { ModuleMemory } from './module-memory.ts';
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

const INITIAL_PAGES = 16; // 1 MiB: the modules need 2 pages, small inputs then never grow the memory

/** A policy ready to be asked. Not reentrant; unusable after it threw. */
export interface LoadedModule {
  /** @param input JSON. @returns JSON of the result set; `undefined` when that is larger than `maxBytes` */
  evaluate(input: string, maxBytes: number): string | undefined;
  /** What the module's memory has grown to. */
  memoryBytes(): number;
}

/**
 * Gives a compiled policy its own memory and our builtins.
 *
 * @throws whatever the module does: it may be anything
 */
export function loadPolicy(module: WasmModule, maxPages: number): LoadedModule {
  const maximum = Math.max(maxPages, INITIAL_PAGES);
  const memory = new ModuleMemory(new wasm.Memory({ initial: INITIAL_PAGES, maximum }));
  const host = createHost(memory);
  const instance = new wasm.Instance(module, { env: host.imports });
  const abi = readExports(instance.exports);
  host.connect(abi);
  const policy = new LoadedPolicy(instance, memory.wasm, abi.abiMinorVersion);
  const entrypoint = Object.hasOwn(policy.entrypoints, POLICY_PACKAGE) ? policy.entrypoints[POLICY_PACKAGE] : undefined;
  if (entrypoint === undefined) throw new Error(`the module has no entry point ${POLICY_PACKAGE}`);
  return {
    evaluate: (input, maxBytes) => evaluate({ abi, memory, policy, entrypoint }, input, maxBytes),
    memoryBytes: () => memory.byteLength,
  };
}

interface Evaluation {
  readonly abi: OpaExports;
  readonly memory: ModuleMemory;
  readonly policy: PreparedPolicy;
  readonly entrypoint: number;
}

/** The input goes right behind the data; everything the last evaluation left there is overwritten. */
function evaluate(
  { abi, memory, policy, entrypoint }: Evaluation,
  input: string,
  maxBytes: number,
): string | undefined {
  const { dataAddr, dataHeapPtr } = policy;
  const bytes = memory.write(input, dataHeapPtr);
  const result = abi.evaluate(entrypoint, dataAddr, dataHeapPtr, bytes, dataHeapPtr + bytes);
  const length = memory.lengthAt(result);
  return length > maxBytes ? undefined : memory.textAt(result, length);
}
