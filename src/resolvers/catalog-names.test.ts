import assert from 'node:assert/strict';

import { toApiNames, toProviderNames } from './catalog-names.ts';

describe('names of catalogued types', () => {
  const names = {
    topSpeed: 'top_speed',
    driver: ['driver', { fullName: 'full_name' }],
    wagon: ['wagon', { maxLoad: 'max_load' }],
  } as const;
  const api = {
    id: 'x',
    topSpeed: 3,
    driver: { fullName: 'A' },
    wagon: [{ maxLoad: 1 }, { maxLoad: null }],
    labels: { topSpeed: 'kept' },
  };
  const provider = {
    id: 'x',
    top_speed: 3,
    driver: { full_name: 'A' },
    wagon: [{ max_load: 1 }, { max_load: null }],
    labels: { topSpeed: 'kept' },
  };

  it('are turned into those of the provider, keys of maps left alone', () => {
    assert.deepEqual(toProviderNames(api, names), provider);
  });
  it('are turned back', () => {
    assert.deepEqual(toApiNames(provider, names), api);
  });
  it('stay null where there is nothing', () => {
    assert.equal(toApiNames(null, names), null);
    assert.deepEqual(toProviderNames({ driver: null }, names), { driver: null });
  });
  it('take nothing from Object.prototype', () => {
    assert.deepEqual(toProviderNames({ constructor: 1, toString: 2 }, names), { constructor: 1, toString: 2 });
  });
});
