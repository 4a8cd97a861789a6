import assert from 'node:assert/strict';

import { suggestName } from './suggest-name.ts';

describe('a suggested name', () => {
  const known = ['resource_id', 'type', 'config', 'provider_version'];

  it('is the nearest one', () => {
    assert.equal(suggestName('tpye', known), 'type');
    assert.equal(suggestName('provider_verison', known), 'provider_version');
  });

  it('does not mind how words are joined', () => {
    assert.equal(suggestName('resourceId', known), 'resource_id');
  });

  it('is none when nothing is near', () => {
    assert.equal(suggestName('colour', known), undefined);
    assert.equal(suggestName('', known), undefined);
    assert.equal(suggestName('x'.repeat(10_000), known), undefined);
  });
});
