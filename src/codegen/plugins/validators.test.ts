import assert from 'node:assert/strict';

import { validators } from '../../../generated/validators.js';

function check(key: string, input: unknown): string[] {
  const validator = validators[key];
  assert.ok(validator, `there is a validator ${key}`);
  return validator(input) ? [] : (validator.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
}

describe('validators of tool arguments', () => {
  const create = { kind: 'create', id: 'pet', provider: 'sluice/sandbox', type: 'sandbox_pet', config: {} };

  it('take exactly what a kind takes', () => {
    assert.deepEqual(check('MAIN intent create', create), []);
  });
  it('refuse an unknown argument', () => {
    assert.deepEqual(check('MAIN intent create', { ...create, colour: 'red' }), [' additionalProperties']);
  });
  it('refuse an argument of another kind', () => {
    assert.deepEqual(check('MAIN intent create', { ...create, cursor: 'x' }), [' additionalProperties']);
  });
  it('refuse a wrong type, and say where', () => {
    assert.deepEqual(check('MAIN intent create', { ...create, config: 'length = 2' }), ['/config type']);
  });
  it('refuse what lacks an argument, all at once', () => {
    assert.deepEqual(check('MAIN intent create', { kind: 'create', id: 'pet', config: {} }), [
      ' required',
      ' required',
    ]);
  });
  it('refuse an enum value that does not exist', () => {
    assert.deepEqual(check('INTENT lifecycle-resources-dependencies-get', { resource_id: 'a', direction: 'up' }), [
      '/direction enum',
    ]);
  });
  it('are not fooled by keys of Object.prototype', () => {
    assert.deepEqual(
      check('MAIN intent create', JSON.parse('{"kind":"create","__proto__":{"id":"x"}}')).includes(' required'),
      true,
    );
  });
});
