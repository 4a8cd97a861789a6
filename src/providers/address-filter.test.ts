import assert from 'node:assert/strict';

import { createAddressFilter } from './address-filter.ts';
import { parseAddress } from './address.ts';

describe('patterns of a source', () => {
  const cases: readonly (readonly [readonly string[], readonly string[], readonly string[]])[] = [
    [[], ['hashicorp/time', 'example.com/acme/cloud'], []],
    [['hashicorp/*'], ['hashicorp/time'], ['acme/time', 'example.com/hashicorp/time']],
    [['*/*'], ['hashicorp/time', 'acme/cloud'], ['example.com/acme/cloud']],
    [['*/*/*'], ['hashicorp/time', 'example.com/acme/cloud'], []],
    [['example.com/*/*'], ['example.com/acme/cloud'], ['hashicorp/time']],
    [['example.com/acme/*'], ['example.com/acme/cloud'], ['example.com/other/cloud', 'acme/cloud']],
    [['hashicorp/time'], ['hashicorp/time', 'registry.opentofu.org/hashicorp/time'], ['hashicorp/times']],
    [['!hashicorp/time'], ['hashicorp/random'], ['hashicorp/time']],
    [['!hashicorp/*', 'hashicorp/time'], [], ['hashicorp/time', 'acme/cloud']],
    [['HashiCorp/*'], ['hashicorp/time'], []],
  ];
  for (const [patterns, fitting, others] of cases) {
    it(`${patterns.join(' ') || '(none)'} fit as in Terraform`, () => {
      const serves = createAddressFilter(patterns);
      for (const text of fitting) assert.equal(serves(parseAddress(text)), true, text);
      for (const text of others) assert.equal(serves(parseAddress(text)), false, text);
    });
  }

  for (const pattern of [
    '',
    '!',
    '*',
    'time',
    '*/time',
    '*/hashicorp/time',
    'example.com/*/time',
    'a/b/c/d',
    'ti*e/x',
  ]) {
    it(`${JSON.stringify(pattern)} is refused`, () => {
      assert.throws(() => createAddressFilter([pattern]), { code: 'BAD_INPUT', message: /provider pattern/ });
    });
  }
});
