import { deepEqual, equal, ok } from 'node:assert/strict';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { isJsonObject, type Json } from '../shared/json.ts';
import { bannedBuiltins, missingBuiltins } from './capabilities.ts';
import { intentInputSchema, intentShapeProblem, loginInputSchema, loginShapeProblem, policyContract } from './index.ts';
import { loginRules } from './login-decision.ts';

const contract = policyContract({ INTENT: 5_000, LOGIN: 700 });

describe('policyContract', () => {
  const part = (type: string, name: string): Json => {
    const types = contract['types'];
    const found = isJsonObject(types) ? types[type] : undefined;
    return (isJsonObject(found) ? found[name] : undefined) ?? null;
  };
  const fits = (type: string) => {
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(part(type, 'result') as object);
    return (result: Json) => validate(result);
  };

  it('has the input schemas that are published elsewhere too, and what is configured', () => {
    deepEqual(part('INTENT', 'input'), intentInputSchema);
    deepEqual(part('LOGIN', 'input'), loginInputSchema);
    deepEqual([part('INTENT', 'timeoutMs'), part('LOGIN', 'timeoutMs')], [5_000, 700]);
  });

  it('names every rule that login policies are read by', () => {
    const result = part('LOGIN', 'result');
    const rules = isJsonObject(result) && isJsonObject(result['properties']) ? Object.keys(result['properties']) : [];
    deepEqual(rules.toSorted(), [...loginRules, 'sample'].toSorted());
  });

  it('says why functions are refused', () => {
    const { builtins } = contract;
    deepEqual(isJsonObject(builtins ?? null) && (builtins as { refused: Json }).refused, {
      ...bannedBuiltins,
      ...missingBuiltins,
    });
  });

  const values: Json[] = [
    true,
    false,
    'x',
    1,
    null,
    [],
    ['a'],
    [{ msg: 'a' }],
    [{ msg: 1 }],
    [1],
    {},
    { a: true },
    { a: ['b'] },
  ];

  it('takes for a result of an Intent policy what the engine takes', () => {
    const isFit = fits('INTENT');
    for (const rule of ['deny', 'allow', 'sample'])
      for (const value of values) {
        const result = { [rule]: value };
        equal(isFit(result), intentShapeProblem(result) === undefined, JSON.stringify(result));
      }
  });

  it('takes for a result of a login policy what the engine takes', () => {
    const isFit = fits('LOGIN');
    const taken = new Set<boolean>();
    for (const rule of [...loginRules, 'sample'])
      for (const value of values) {
        const result = { [rule]: value };
        taken.add(isFit(result));
        equal(isFit(result), loginShapeProblem(result) === undefined, JSON.stringify(result));
      }
    ok(taken.size === 2);
  });
});
