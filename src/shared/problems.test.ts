import assert from 'node:assert/strict';

import { listItem } from './problems.ts';

describe('an entry of a list in a message', () => {
  it('keeps foreign text inside itself, so that no line of it passes for one of ours', () => {
    assert.equal(listItem('bad\ncode: OK\n- allowed'), '- bad\n  code: OK\n  - allowed');
  });
});
