import { deepEqual, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { silentLogger } from '../shared/logger.ts';
import { findTool, requireTool } from '../testing/tools.ts';
import { hostBuiltins } from './builtins/table.ts';
import { allowedCapabilities, bannedBuiltins, missingBuiltins } from './capabilities.ts';
import { createPolicyCompiler } from './index.ts';
import { readExports } from './worker/abi.ts';
import { createHost } from './worker/host.ts';
import { ModuleMemory } from './worker/module-memory.ts';
import { wasm } from './worker/web-assembly.ts';

describe('capabilities of policies', function () {
  let known: JsonObject[];
  let allowed: JsonObject[];

  before(requireTool('opa'));
  before(() => {
    const text = execFileSync(findTool('opa') ?? '', ['capabilities', '--current'], { encoding: 'utf8' });
    const current = JSON.parse(text) as Json;
    const builtinsOf = (capabilities: Json) =>
      (isJsonObject(capabilities) ? (capabilities['builtins'] as JsonObject[]) : []).filter(isJsonObject);
    known = builtinsOf(current);
    allowed = builtinsOf(allowedCapabilities(current));
  });

  const nameOf = (builtin: JsonObject) => String(builtin['name'] as string);

  it('hold nothing that opa calls nondeterministic', () => {
    ok(known.some((builtin) => builtin['nondeterministic'] === true));
    deepEqual(allowed.filter((builtin) => builtin['nondeterministic'] === true).map(nameOf), []);
  });

  it('hold nothing that is banned, and every builtin of ours that opa knows', () => {
    const names = allowed.map(nameOf);
    deepEqual(
      names.filter((name) => Object.hasOwn(bannedBuiltins, name)),
      [],
    );
    deepEqual(
      Object.keys(hostBuiltins).filter((name) => !names.includes(name)),
      [],
    );
  });

  it('lack only builtins that are known to be missing', () => {
    const names = allowed.map(nameOf);
    const lacking = known.map(nameOf).filter((name) => !names.includes(name) && !Object.hasOwn(bannedBuiltins, name));
    deepEqual(lacking.toSorted(), [...Object.keys(missingBuiltins), 'internal.test_case'].toSorted());
  });

  it('are all there when a policy uses each of them: in the module or in the host', async () => {
    const syntax = /^(assign|eq|internal\.|print$|rego\.metadata|walk$)/;
    const calls = allowed
      .filter((builtin) => !syntax.test(nameOf(builtin)))
      .map((builtin, at) => {
        const declared = isJsonObject(builtin['decl']) ? (builtin['decl']['args'] as Json[] | undefined) : undefined;
        const operands = (declared ?? []).map((_type, operand) => `input.a${operand}`);
        return `rule_${at} := x if x := ${nameOf(builtin)}(${operands.join(', ')})`;
      });
    ok(calls.length > 120);
    const compiler = createPolicyCompiler({ opaPath: findTool('opa'), timeoutMs: 60_000, logger: silentLogger });
    const split = (engine: 'REGO_V0' | 'REGO_V1') => compiler.compile({ body: bodyOf(calls, engine), engine });
    const asked = builtinsAskedOf((await split('REGO_V0')).wasm);
    ok(asked.length > 40);
    deepEqual(
      asked.filter((name) => !Object.hasOwn(hostBuiltins, name)),
      [],
    );
  });
});

/** Rego v0 still has the deprecated builtins; its rules have no `if`. */
function bodyOf(calls: readonly string[], engine: 'REGO_V0' | 'REGO_V1'): string {
  const rules = engine === 'REGO_V1' ? calls : calls.map((call) => call.replace(' := x if ', ' = x { ').concat(' }'));
  return `package spacelift\n\n${rules.join('\n\n')}\n`;
}

/** A module tells by itself which builtins it wants: `{"sprintf": 0, …}`. */
function builtinsAskedOf(bytes: Uint8Array): string[] {
  const memory = new ModuleMemory(new wasm.Memory({ initial: 16, maximum: 256 }));
  const instance = new wasm.Instance(new wasm.Module(bytes), { env: createHost(memory).imports });
  const abi = readExports(instance.exports);
  return Object.keys(JSON.parse(memory.textAt(abi.jsonDump(abi.builtins()))) as object);
}
