import assert from 'node:assert/strict';

import { isDeceiving } from '../shared/deceiving-text.ts';
import { listErrors } from './provider-failure.ts';

describe('errors of a provider in a message', () => {
  const error = (summary: string) => ({ severity: 'error', summary, detail: '', path: ['region'] }) as const;

  it('are on one line, in letters that anybody can read', () => {
    const listed = listErrors([error('no\u001b[31m\u202e such\nregion')]);
    assert.match(listed, /^region: no.*such.region$/);
    assert.ok(!isDeceiving(listed));
  });

  it('are the first ten of them', () => {
    const listed = listErrors(Array.from({ length: 100 }, (_, at) => error(`wrong ${at}`)));
    assert.match(listed, /wrong 9; and 90 more$/);
  });
});
