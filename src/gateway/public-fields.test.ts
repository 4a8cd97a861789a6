import assert from 'node:assert/strict';

import { fieldAccess } from '../../generated/access.ts';

// Written by hand on purpose: opening a field to strangers must be seen in a review.
const PUBLIC_ROOT_FIELDS = ['Mutation.apiKeyUser', 'Mutation.oauthUser', 'Query.debugInfo', 'Query.viewer'];

describe('what strangers may call', () => {
  it('is this list and nothing else', () => {
    const open = Object.entries(fieldAccess).filter(([, row]) => row.public);
    const roots = open.map(([field]) => field).filter((field) => /^(Query|Mutation)\./.test(field));
    assert.deepEqual(
      roots.toSorted((a, b) => a.localeCompare(b)),
      PUBLIC_ROOT_FIELDS,
    );
  });

  it('asks for a scope or says that it does not, root field by root field', () => {
    const rows = Object.entries(fieldAccess).filter(([field]) => /^(Query|Mutation)\./.test(field));
    const unscoped = rows.filter(([, row]) => !row.public && row.scopes.length === 0).map(([field]) => field);
    assert.deepEqual(unscoped, []);
  });
});
