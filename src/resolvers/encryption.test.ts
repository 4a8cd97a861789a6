import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const ROTATE = 'mutation { encryptionKeyRotate { id } }';
const SECRETS = '{ policies { body } }';

describe('rotating the key of the key file', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });
  const keyFile = async (): Promise<{ current: string; keys: Record<string, string> }> =>
    JSON.parse(await readFile(join(server.dataDir, 'keys.json'), 'utf8')) as Awaited<ReturnType<typeof keyFile>>;

  it('puts a new key in use and keeps the old ones, while the server goes on', async () => {
    const old = await keyFile();
    const { encryptionKeyRotate } = read<{ encryptionKeyRotate: { id: string } }>(await server.graphql(ROTATE));
    const now = await keyFile();
    assert.equal(now.current, encryptionKeyRotate.id);
    assert.deepEqual(Object.keys(now.keys), [...Object.keys(old.keys), now.current]);
    read(await server.graphql(SECRETS));
    read(await server.graphql(SECRETS, {}, (await aKey(server, { 'space-reader': 'root' })).token));
  });

  it('is for admins of the root space', async () => {
    const { token } = await aKey(server, { 'space-writer': 'root' });
    assert.equal(refusal(await server.graphql(ROTATE, {}, token)).code, 'FORBIDDEN');
  });
});
