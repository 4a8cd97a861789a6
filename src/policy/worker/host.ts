import { type Builtin, BuiltinError } from '../builtins/builtin.ts';
import { parseRego } from '../builtins/parse-rego.ts';
import { formatRego, type RegoValue } from '../builtins/rego-value.ts';
import { hostBuiltins } from '../builtins/table.ts';
import type { OpaExports } from './abi.ts';
import type { WasmMemory } from './web-assembly.ts';

/** What a module imports, and the reading of its memory. */
export interface Host {
  readonly imports: Readonly<Record<string, unknown>>;
  /** Before the first evaluation: binds the builtins that the module asks for. */
  connect(abi: OpaExports): void;
  /** The bytes of a text up to its closing zero. */
  bytesAt(address: number): Uint8Array;
}

const ARITIES = [0, 1, 2, 3, 4];
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The host side of one module. Values cross as Rego notation, which keeps sets and whole numbers as they are. */
export function createHost(memory: WasmMemory): Host {
  let exports: OpaExports | undefined;
  let builtins: ReadonlyMap<number, NamedBuiltin> = new Map();

  const bytesAt = (address: number) => {
    const bytes = new Uint8Array(memory.buffer);
    const end = bytes.indexOf(0, address);
    return bytes.subarray(address, end === -1 ? undefined : end);
  };
  const textAt = (address: number) => decoder.decode(bytesAt(address));
  const abort = (address: number): never => {
    throw new Error(`policy aborted: ${textAt(address)}`);
  };

  function callBuiltin(id: number, addresses: readonly number[]): number {
    const builtin = builtins.get(id);
    if (builtin === undefined || exports === undefined)
      throw new Error(`the module calls a builtin ${id} it did not name`);
    const { valueDump } = exports;
    const result = outcomeOf(
      builtin,
      addresses.map((address) => parseRego(textAt(valueDump(address)))),
    );
    return result === undefined ? 0 : writeValue(exports, memory, result);
  }

  const calls = ARITIES.map((count): [string, unknown] => [
    `opa_builtin${count}`,
    (id: number, _context: number, ...addresses: number[]) => callBuiltin(id, addresses),
  ]);
  return {
    imports: { memory, opa_abort: abort, opa_println: () => undefined, ...Object.fromEntries(calls) },
    connect: (abi) => {
      exports = abi;
      builtins = namedBuiltins(JSON.parse(textAt(abi.jsonDump(abi.builtins()))));
    },
    bytesAt,
  };
}

interface NamedBuiltin {
  readonly name: string;
  readonly call: Builtin | undefined;
}

/** The module numbers the builtins it may call: `{"sprintf": 0}`. */
function namedBuiltins(table: unknown): Map<number, NamedBuiltin> {
  if (typeof table !== 'object' || table === null) throw new Error('the module names no builtins');
  const entries = Object.entries(table).map(([name, id]): [number, NamedBuiltin] => {
    return [Number(id), { name, call: Object.hasOwn(hostBuiltins, name) ? hostBuiltins[name] : undefined }];
  });
  return new Map(entries);
}

/** `undefined` is Rego's undefined. Only a `BuiltinError` may become that: any other failure ends the evaluation. */
function outcomeOf({ name, call }: NamedBuiltin, args: readonly RegoValue[]): RegoValue | undefined {
  if (call === undefined) throw new Error(`there is no builtin ${name} here`);
  try {
    return call(...args);
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

function writeValue(abi: OpaExports, memory: WasmMemory, value: RegoValue): number {
  const bytes = encoder.encode(formatRego(value));
  const address = abi.malloc(bytes.byteLength);
  new Uint8Array(memory.buffer).set(bytes, address);
  const parsed = abi.valueParse(address, bytes.byteLength);
  if (parsed === 0) throw new Error('the module refused the result of a builtin');
  return parsed;
}
