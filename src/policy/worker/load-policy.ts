import { createRequire } from 'node:module';

import { BuiltinError } from '../builtins/builtin.ts';
import { parseRego } from '../builtins/parse-rego.ts';
import { formatRego, type RegoValue } from '../builtins/rego-value.ts';
import { hostBuiltins } from '../builtins/table.ts';
import { POLICY_PACKAGE } from '../package-name.ts';
import { type OpaExports, readExports } from './abi.ts';
import { wasm, type WasmInstance, type WasmMemory, type WasmModule } from './web-assembly.ts';

/** The evaluator class of the package, as far as we use it. */
interface OpaWasm {
  readonly LoadedPolicy: new (
    instance: WasmInstance,
    memory: WasmMemory,
    abiMinorVersion: number,
  ) => { evaluate(input: ArrayBuffer, entrypoint: string): unknown };
}

// The package's ES module door offers only its own loader, which hands builtins lossy JSON (sets become arrays, whole
// numbers become floats). Its evaluator is reachable through the CommonJS door.
const { LoadedPolicy } = createRequire(import.meta.url)('@open-policy-agent/opa-wasm') as OpaWasm;

const INITIAL_PAGES = 16; // 1 MiB: the modules need 2 pages, small inputs then never grow the memory
const ARITIES = [0, 1, 2, 3, 4];

/** A policy ready to be asked. Not reentrant; unusable after it threw. */
export interface LoadedModule {
  /** @param input UTF-8 JSON. @returns what the package evaluated to; `undefined` when it has no value */
  evaluate(input: ArrayBuffer): unknown;
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
  const host: Host = { memory, names: new Map(), abi: undefined };
  const instance = new wasm.Instance(module, { env: imports(host) });
  host.abi = readExports(instance.exports);
  host.names = builtinNames(host.abi, memory);
  const policy = new LoadedPolicy(instance, memory, host.abi.abiMinorVersion);
  return {
    evaluate: (input) => readResultSet(policy.evaluate(input, POLICY_PACKAGE)),
    memoryBytes: () => memory.buffer.byteLength,
  };
}

interface Host {
  readonly memory: WasmMemory;
  /** The module numbers the builtins it asks for. */
  names: ReadonlyMap<number, string>;
  abi: OpaExports | undefined;
}

function imports(host: Host): Record<string, unknown> {
  const calls = ARITIES.map((count): [string, unknown] => [
    `opa_builtin${count}`,
    (id: number, _context: number, ...args: number[]) => callBuiltin(host, id, args),
  ]);
  const abort = (address: number): never => {
    throw new Error(`policy aborted: ${readText(host.memory, address)}`);
  };
  return { memory: host.memory, opa_abort: abort, opa_println: () => undefined, ...Object.fromEntries(calls) };
}

/** Address 0 means undefined. Only a `BuiltinError` may become undefined: any other failure ends the evaluation. */
function callBuiltin({ memory, names, abi }: Host, id: number, addresses: readonly number[]): number {
  const name = names.get(id) ?? '';
  const builtin = Object.hasOwn(hostBuiltins, name) ? hostBuiltins[name] : undefined;
  if (builtin === undefined || abi === undefined) throw new Error(`no builtin ${JSON.stringify(name)} here`);
  const args = addresses.map((address) => parseRego(readText(memory, abi.valueDump(address))));
  const result = evaluateBuiltin(() => builtin(...args));
  return result === undefined ? 0 : writeValue(abi, memory, result);
}

function evaluateBuiltin(call: () => RegoValue | undefined): RegoValue | undefined {
  try {
    return call();
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

function writeValue(abi: OpaExports, memory: WasmMemory, value: RegoValue): number {
  const bytes = new TextEncoder().encode(formatRego(value));
  const address = abi.malloc(bytes.byteLength);
  new Uint8Array(memory.buffer).set(bytes, address);
  const parsed = abi.valueParse(address, bytes.byteLength);
  if (parsed === 0) throw new Error('the module refused the result of a builtin');
  return parsed;
}

function readText(memory: WasmMemory, address: number): string {
  const bytes = new Uint8Array(memory.buffer);
  const end = bytes.indexOf(0, address);
  return new TextDecoder().decode(bytes.subarray(address, end === -1 ? undefined : end));
}

function builtinNames(abi: OpaExports, memory: WasmMemory): Map<number, string> {
  const table: unknown = JSON.parse(readText(memory, abi.jsonDump(abi.builtins())));
  if (typeof table !== 'object' || table === null) throw new Error('the module names no builtins');
  return new Map(Object.entries(table).map(([name, id]) => [Number(id), name]));
}

/** `[{"result": …}]`, or `[]` when the package is undefined for this input. */
function readResultSet(set: unknown): unknown {
  const first: unknown = Array.isArray(set) ? set[0] : undefined;
  return typeof first === 'object' && first !== null && 'result' in first ? first.result : undefined;
}
