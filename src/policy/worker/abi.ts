/** The functions of OPA's Wasm ABI that the host calls; addresses are offsets in the module's memory. */
export interface OpaExports {
  readonly abiVersion: number;
  readonly abiMinorVersion: number;
  readonly builtins: () => number;
  readonly malloc: (bytes: number) => number;
  readonly jsonDump: (value: number) => number;
  readonly valueDump: (value: number) => number;
  readonly valueParse: (text: number, bytes: number) => number;
  /** Evaluates with the heap reset to `heap`; gives the address of the result set's JSON. */
  readonly evaluate: (entrypoint: number, data: number, input: number, inputBytes: number, heap: number) => number;
}

type NumberFunction = (...args: number[]) => number;

const RESERVED = 0;
const JSON_FORMAT = 0;
const ABI_VERSION = 1;
const MIN_ABI_MINOR_VERSION = 2; // the first with one call that evaluates

/** Checks that a module is a policy and gives its exports types. Throws for anything else. */
export function readExports(exports: Readonly<Record<string, unknown>>): OpaExports {
  const call = (name: string) => readFunction(exports[name], name);
  const evaluate = call('opa_eval');
  const abi = {
    abiVersion: readGlobal(exports['opa_wasm_abi_version']),
    abiMinorVersion: readGlobal(exports['opa_wasm_abi_minor_version']),
    builtins: call('builtins'),
    malloc: call('opa_malloc'),
    jsonDump: call('opa_json_dump'),
    valueDump: call('opa_value_dump'),
    valueParse: call('opa_value_parse'),
    evaluate: (...[entrypoint, data, input, inputBytes, heap]: Parameters<OpaExports['evaluate']>) =>
      evaluate(RESERVED, entrypoint, data, input, inputBytes, heap, JSON_FORMAT),
  };
  if (abi.abiVersion !== ABI_VERSION || abi.abiMinorVersion < MIN_ABI_MINOR_VERSION) {
    throw new Error(`ABI ${abi.abiVersion}.${abi.abiMinorVersion} is not supported`);
  }
  return abi;
}

/** An exported function of a module takes and gives numbers, whatever the module is: nothing else is in this ABI. */
function readFunction(found: unknown, name: string): NumberFunction {
  if (typeof found !== 'function') throw new Error(`the module has no export ${name}`);
  return found as NumberFunction;
}

function readGlobal(global: unknown): number {
  return typeof global === 'object' && global !== null && 'value' in global ? Number(global.value) : Number.NaN;
}
