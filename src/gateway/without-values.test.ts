import assert from 'node:assert/strict';

import { withoutValues } from './without-values.ts';

describe('what is said of a value that does not fit', () => {
  const cases: [string, string][] = [
    ['String cannot represent a non string value: { hidden: "x" }', 'String cannot represent a non string value'],
    ['Int cannot represent non-integer value: "a: secret\nof two lines"', 'Int cannot represent non-integer value'],
    ['ID cannot represent value: ["x"]', 'ID cannot represent value'],
    [
      'Expected value of type "ConfigInput" to include required field "id", found: { value: "x", a: ", found: " }.',
      'Expected value of type "ConfigInput" to include required field "id".',
    ],
    [
      'Expected value of type "ConfigInput" to be an object, found: "x".',
      'Expected value of type "ConfigInput" to be an object.',
    ],
  ];
  for (const [said, told] of cases) {
    it(`does not quote it: ${told}`, () => {
      assert.equal(
        withoutValues(`Variable "$c" has invalid value at .value: ${said}`),
        `Variable "$c" has invalid value at .value: ${told}`,
      );
    });
  }

  it('is all that helps, where it is a number or a name', () => {
    for (const said of [
      'Int cannot represent non 32-bit signed integer value: 99999999999',
      'Boolean cannot represent a non boolean value: 1',
      'Value "ENV" does not exist in "ConfigType" enum.',
      'Cannot query field "spaces2" on type "Query". Did you mean "spaces"?',
    ]) {
      assert.equal(withoutValues(said), said);
    }
  });
});
