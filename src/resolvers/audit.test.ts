import assert from 'node:assert/strict';

import { parseCheckpoints, parsePublicKey } from '../domain/audit/index.ts';
import type { TestServer } from '../testing/server.ts';
import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';

describe('the audit trail over the API', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  it('says from where a request came, and finds it by that', async () => {
    const { id } = await aKey(server, {});
    const answer = await server.graphql(
      `query($id: String!) { searchAuditTrailEntries(input: { first: 5, fullTextSearch: $id, predicates: [
        { field: "remoteAddress", constraint: { stringMatches: ["127.0.0.1"] } }] }) { edges { node { action remoteAddress } } } }`,
      { id },
    );
    const { edges } = read<{ searchAuditTrailEntries: { edges: { node: object }[] } }>(answer).searchAuditTrailEntries;
    assert.deepEqual(
      edges.map(({ node }) => node),
      ['api-key.exchange', 'api-key.create'].map((action) => ({ action, remoteAddress: '127.0.0.1' })),
    );
  });

  it('gives out the last checkpoint, which the published key has signed, to whoever may read the trail', async () => {
    const document = '{ auditTrailCheckpoint }';
    const last = async () =>
      read<{ auditTrailCheckpoint: string | null }>(await server.graphql(document)).auditTrailCheckpoint;
    for (let left = 100; (await last()) === null && left > 0; left -= 1)
      await new Promise((done) => setTimeout(done, 50));
    const [checkpoint] = parseCheckpoints((await last()) ?? '');
    const key = await (await fetch(`${server.url}/.well-known/sluice-audit-key`)).text();
    assert.equal(checkpoint !== undefined && parsePublicKey(key).verifies(checkpoint), true);
    const { token } = await aKey(server, { 'space-writer': 'root' });
    assert.equal(refusal(await server.graphql(document, {}, token)).code, 'FORBIDDEN');
  });
});
