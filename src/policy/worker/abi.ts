/** The functions of OPA's Wasm ABI that the host calls; addresses are offsets in the module's memory. */
export interface OpaExports {
  readonly abiVersion: number;
  readonly abiMinorVersion: number;
  builtins(): number;
  malloc(bytes: number): number;
  jsonDump(value: number): number;
  valueDump(value: number): number;
  valueParse(text: number, bytes: number): number;
}

const ABI_VERSION = 1;
const MIN_ABI_MINOR_VERSION = 2; // the first with one call that evaluates

/** Checks that a module is a policy and gives its exports types. Throws for anything else. */
export function readExports(exports: Readonly<Record<string, unknown>>): OpaExports {
  const call = (name: string) => {
    const found = exports[name];
    if (typeof found !== 'function') throw new Error(`the module has no export ${name}`);
    return (...args: number[]): number => Number(Reflect.apply(found, undefined, args));
  };
  const abi = {
    abiVersion: readGlobal(exports['opa_wasm_abi_version']),
    abiMinorVersion: readGlobal(exports['opa_wasm_abi_minor_version']),
    builtins: call('builtins'),
    malloc: call('opa_malloc'),
    jsonDump: call('opa_json_dump'),
    valueDump: call('opa_value_dump'),
    valueParse: call('opa_value_parse'),
  };
  if (abi.abiVersion !== ABI_VERSION || abi.abiMinorVersion < MIN_ABI_MINOR_VERSION) {
    throw new Error(`ABI ${abi.abiVersion}.${abi.abiMinorVersion} is not supported`);
  }
  return abi;
}

function readGlobal(global: unknown): number {
  return typeof global === 'object' && global !== null && 'value' in global ? Number(global.value) : Number.NaN;
}
