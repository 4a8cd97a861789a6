import assert from 'node:assert/strict';

import { applyClientPolicy } from './client-policy.ts';

const register = (client_name: string): void =>
  applyClientPolicy({ client_name, redirect_uris: ['http://localhost/cb'] }, []);

describe('the name of a client', () => {
  it('is what people read on the page of consent', () => {
    for (const name of ['Claude Code', 'Assistente di Zoë (β)', '助手']) register(name);
  });

  it('cannot turn or hide text', () => {
    for (const name of ['Nice \u202eEvil', 'a\u0000b', 'zero\u200bwidth', 'line\u2028break', 'half \ud800']) {
      assert.throws(() => register(name), /invalid_client_metadata/);
    }
  });
});
