import assert from 'node:assert/strict';

import { aValue } from '../../testing/schemas.ts';
import { type TestIntent, testIntent } from '../../testing/intent.ts';
import { assertRefused } from '../../testing/refusals.ts';

describe('a project that is exported', () => {
  let bench: TestIntent;
  const exported = (resourceID?: string) =>
    bench.intent.exportProject(bench.request, { intentProject: bench.project, resourceID });
  const log = (more: { after?: string; limit?: number } = {}) =>
    bench.intent.operationLog(bench.request, { intentProject: bench.project, ...more });

  beforeEach(async () => {
    bench = await testIntent();
  });

  it('is the same text each time, by resource id, whatever the order of creation', async () => {
    await bench.create('two', { size: 2, name: 'b' });
    await bench.create('one', { name: 'a' });
    const { hcl, warnings } = await exported();
    assert.deepEqual(warnings, []);
    assert.equal(hcl, (await exported()).hcl);
    assert.ok(hcl.indexOf('"one" {') < hcl.indexOf('"two" {'));
    assert.match(hcl, /import \{\n {2}to = fake_thing\.one\n {2}id = "id-a"\n\}/);
    assert.match(hcl, /source {2}= "acme\/fake"\n {6}version = "1\.2\.3"/);
    assert.match(hcl, /provider = fake|resource "fake_thing" "two" \{\n {2}name = "b"\n {2}size = 2\n\}/);
  });

  it('has variables in place of secrets, and no write-only value at all', async () => {
    await bench.create('one', { name: 'a', password: 'hunter22', pin: '9876' });
    const { hcl, variables } = await exported();
    assert.doesNotMatch(hcl, /hunter22|9876/);
    assert.deepEqual(variables, ['fake_thing_one_password', 'fake_thing_one_pin']);
    assert.match(hcl, /password = var\.fake_thing_one_password/);
    assert.match(hcl, /variable "fake_thing_one_pin" \{[^}]*ephemeral {3}= true/);
  });

  it('makes a configuration of what was imported', async () => {
    const there = aValue({ id: 'id-x', name: 'x', size: 1, password: 'hunter22', pin: null });
    if (there instanceof Map) bench.cloud.objects.set('id-x', there);
    const subject = { provider: 'acme/fake', type: 'fake_thing', intentProject: bench.project };
    await bench.intent.importResource(bench.request, { ...subject, resourceID: 'one', importID: 'id-x' });
    const { hcl } = await exported('one');
    assert.match(hcl, /name = "x"\n {2}password = var\.fake_thing_one_password\n {2}size = 1\n/);
  });

  it('leaves an import out that its provider refuses, and says so', async () => {
    await bench.create('one');
    bench.cloud.objects.clear();
    const { hcl, warnings } = await exported();
    assert.doesNotMatch(hcl, /^import/m);
    assert.match(warnings[0] ?? '', /the provider does not import "one"/);
  });

  it('changes nothing and is in the audit trail', async () => {
    await bench.create('one');
    bench.cloud.calls.length = 0;
    await exported();
    assert.deepEqual(bench.cloud.calls, ['import', 'read', 'validate', 'plan']);
    const audit = await bench.context.storage.executeSql(
      `select data from audit_entry where action = 'intent-project.export'`,
    );
    assert.equal(audit.rows.length, 1);
    await assertRefused('NO_SUCH', exported('none'));
  });

  it('has a log of what was done, oldest first, page by page, without secrets', async () => {
    await bench.create('one', { name: 'a', password: 'hunter22', pin: '9876' });
    const update = { intentProject: bench.project, resourceID: 'one', config: { name: 'a', size: 2 } };
    await bench.intent.updateResource(bench.request, update);
    const first = await log({ limit: 1 });
    const second = await log({ limit: 1, after: first.cursor ?? '' });
    assert.equal(second.cursor, null);
    const entries = `${first.lines}${second.lines}`.trim().split('\n');
    assert.equal(entries.length, 2);
    assert.match(entries[0] ?? '', /"kind":"CREATE".*"config":\{"name":"a","password":null,"pin":null\}/);
    assert.match(entries[0] ?? '', /"redacted":\["password","pin"\]/);
    assert.match(entries[1] ?? '', /"kind":"UPDATE".*"config":\{"name":"a","size":2\}/);
    assert.doesNotMatch(entries.join(''), /hunter22|9876/);
    await assertRefused('BAD_INPUT', log({ limit: 0 }));
  });
});
