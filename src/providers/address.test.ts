import assert from 'node:assert/strict';

import { formatAddress, formatFullAddress, parseAddress } from './address.ts';

describe('provider addresses', () => {
  it('leave out the default hostname', () => {
    for (const text of ['hashicorp/time', 'registry.opentofu.org/hashicorp/time', 'HashiCorp/Time']) {
      assert.equal(formatAddress(parseAddress(text)), 'hashicorp/time');
    }
    assert.equal(formatFullAddress(parseAddress('hashicorp/time')), 'registry.opentofu.org/hashicorp/time');
  });

  it('keep another hostname', () => {
    assert.equal(
      formatAddress(parseAddress('terraform.example.com:8443/acme/cloud')),
      'terraform.example.com:8443/acme/cloud',
    );
  });

  const refused = [
    '',
    'time',
    'a/b/c/d',
    '../time',
    'hashicorp/..',
    'hashicorp/time/',
    '/hashicorp/time',
    'hashi corp/time',
  ];
  refused.push('hashicorp/ti\u0000me', 'nodots/hashicorp/time', 'hashicorp/tíme', '-a/time', `a/${'x'.repeat(65)}`);
  for (const text of refused) {
    it(`refuse ${JSON.stringify(text)}, naming the field`, () => {
      assert.throws(() => parseAddress(text, 'provider'), {
        code: 'BAD_INPUT',
        message: /^provider: .*hashicorp\/time$/,
      });
    });
  }
});
