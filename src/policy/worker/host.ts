import { type Builtin, BuiltinError } from '../builtins/builtin.ts';
import { parseRego } from '../builtins/parse-rego.ts';
import { formatRego, type RegoValue } from '../builtins/rego-value.ts';
import { hostBuiltins } from '../builtins/table.ts';
import type { OpaExports } from './abi.ts';
import type { ModuleMemory } from './module-memory.ts';

/** What a module imports. */
export interface Host {
  readonly imports: Readonly<Record<string, unknown>>;
  /** Before the first evaluation: binds the builtins that the module asks for. */
  connect(abi: OpaExports): void;
}

const ARITIES = [0, 1, 2, 3, 4];

/** The host side of one module. Values cross as Rego notation, which keeps sets and whole numbers as they are. */
export function createHost(memory: ModuleMemory): Host {
  let exports: OpaExports | undefined;
  let builtins: ReadonlyMap<number, NamedBuiltin> = new Map();

  const abort = (address: number): never => {
    throw new Error(`policy aborted: ${memory.textAt(address)}`);
  };

  function callBuiltin(id: number, addresses: readonly number[]): number {
    const builtin = builtins.get(id);
    if (builtin === undefined || exports === undefined)
      throw new Error(`the module calls a builtin ${id} it did not name`);
    const { valueDump } = exports;
    const result = outcomeOf(
      builtin,
      addresses.map((address) => parseRego(memory.textAt(valueDump(address)))),
    );
    return result === undefined ? 0 : writeValue(exports, memory, result);
  }

  const calls = ARITIES.map((count): [string, unknown] => [
    `opa_builtin${count}`,
    (id: number, _context: number, ...addresses: number[]) => callBuiltin(id, addresses),
  ]);
  return {
    imports: { memory: memory.wasm, opa_abort: abort, opa_println: () => undefined, ...Object.fromEntries(calls) },
    connect: (abi) => {
      exports = abi;
      builtins = namedBuiltins(JSON.parse(memory.textAt(abi.jsonDump(abi.builtins()))));
    },
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

function writeValue(abi: OpaExports, memory: ModuleMemory, value: RegoValue): number {
  const text = formatRego(value);
  const bytes = Buffer.byteLength(text);
  const address = abi.malloc(bytes);
  memory.write(text, address);
  const parsed = abi.valueParse(address, bytes);
  if (parsed === 0) throw new Error('the module refused the result of a builtin');
  return parsed;
}
