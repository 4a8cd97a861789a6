import assert from 'node:assert/strict';

import { parseAddress } from './address.ts';
import { createAllowList } from './allow-list.ts';

const time = parseAddress('hashicorp/time');
const random = parseAddress('hashicorp/random');

describe('the allow-list of providers', () => {
  it('refuses what it does not name and says what it names', () => {
    const list = createAllowList([{ address: 'hashicorp/time' }, { address: 'sluice/*', versions: '>= 1' }]);
    assert.doesNotThrow(() => list.require(time));
    assert.throws(() => list.require(random), {
      code: 'PROVIDER_REFUSED',
      message: /^provider hashicorp\/random is not on the allow-list, which names hashicorp\/time, sluice\/\* \(>= 1\)/,
    });
  });

  it('names nothing when it is empty', () => {
    assert.equal(createAllowList([]).names(time), false);
  });

  it('covers a namespace, but not the same namespace of another host', () => {
    const list = createAllowList([{ address: 'hashicorp/*' }]);
    assert.equal(list.names(random), true);
    assert.equal(list.names(parseAddress('evil.example.com/hashicorp/random')), false);
    assert.equal(list.names(parseAddress('hashicorpp/random')), false);
  });

  it('lets the most specific line decide', () => {
    const list = createAllowList([{ address: 'hashicorp/*' }, { address: 'hashicorp/time', versions: '~> 0.13' }]);
    assert.equal(list.allows(time, '0.14.2'), true);
    assert.equal(list.allows(time, '1.0.0'), false);
    assert.equal(list.allows(random, '1.0.0'), true);
    assert.throws(() => list.requireVersion(time, '1.0.0'), {
      message: /^version 1\.0\.0 of provider hashicorp\/time/,
    });
  });

  for (const address of ['*', '*/*', 'hashicorp/t*', 'hashi*/time', '']) {
    it(`does not start with the line ${JSON.stringify(address)}`, () => {
      assert.throws(() => createAllowList([{ address }]), { code: 'BAD_INPUT' });
    });
  }
});
