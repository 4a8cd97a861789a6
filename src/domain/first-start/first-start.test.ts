import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { findProjectPolicies } from '../../storage/policies.ts';
import { type TestDomain, testDomain } from '../../testing/domain.ts';
import { listApiKeys } from '../identity/index.ts';
import { prepareFirstStart } from './index.ts';

describe('the first start', () => {
  let domain: TestDomain;
  beforeEach(async () => {
    domain = await testDomain();
  });
  const adminKey = (): Promise<string> => readFile(join(domain.dataDir, 'admin-key.json'), 'utf8');

  it('writes the admin key for the owner of the data only', async () => {
    const key: unknown = JSON.parse(await adminKey());
    assert.deepEqual(Object.keys(key ?? {}), ['id', 'secret']);
    assert.equal((await stat(join(domain.dataDir, 'admin-key.json'))).mode & 0o777, 0o600);
  });

  it('makes a project that the shipped starter policy judges', async () => {
    const policies = await domain.context.storage.read((db) => findProjectPolicies(db, 'starter'));
    assert.equal(policies.length, 1);
    assert.ok((policies[0]?.wasm?.length ?? 0) > 0, 'usable without a compiler');
  });

  it('is made once: the next start finds everything there', async () => {
    const before = await adminKey();
    const again = await prepareFirstStart(domain.context, { dataDir: domain.dataDir });
    assert.equal(again.first, false);
    assert.equal(await adminKey(), before);
    assert.equal((await listApiKeys(domain.context, domain.admin)).length, 1);
  });

  it('is told in the audit trail', async () => {
    const { rows } = await domain.context.storage.executeSql(
      `select actor, action from audit_entry where action = 'api-key.create'`,
    );
    assert.deepEqual(rows, [{ actor: 'system::system', action: 'api-key.create' }]);
  });
});
