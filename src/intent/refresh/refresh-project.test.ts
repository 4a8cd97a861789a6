import assert from 'node:assert/strict';

import { isJsonObject, type Json } from '../../shared/json.ts';
import { providerCrash } from '../../testing/fake-cloud.ts';
import { otherSession, type TestIntent, testIntent } from '../../testing/intent.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { aValue } from '../../testing/schemas.ts';

describe('a refresh of a project', () => {
  let bench: TestIntent;
  const refresh = (more: { after?: string | null; wait?: number } = {}, request = bench.request) =>
    bench.intent.refreshProject(request, { intentProject: bench.project, ...more });
  const outside = (name: string, size: number) => {
    const changed = aValue({ id: `id-${name}`, name, size, password: null, pin: null });
    if (changed instanceof Map) bench.cloud.objects.set(`id-${name}`, changed);
  };
  const operations = async () =>
    (await bench.intent.listOperations(bench.request, { intentProject: bench.project, pageSize: 100 })).operations;

  beforeEach(async () => {
    bench = await testIntent();
    for (const name of ['a', 'b', 'c', 'd']) await bench.create(name, { name, size: 1 });
  });

  it('counts what is as recorded and refreshes the rest', async () => {
    outside('b', 7);
    bench.cloud.objects.delete('id-c');
    const found = await refresh();
    assert.deepEqual([found.checked, found.unchanged, found.next, found.failures], [4, 2, null, []]);
    const told = found.operations.map(({ resourceID, outcome, kind }) => `${kind} ${resourceID} ${outcome}`).toSorted();
    assert.deepEqual(told, ['REFRESH b warning', 'REFRESH c warning']);
    assert.equal((await operations()).filter(({ kind }) => kind === 'REFRESH').length, 2);
    const again = await refresh();
    assert.deepEqual([again.checked, again.unchanged, again.operations.length], [4, 3, 1]);
    assert.equal(again.operations[0]?.resourceID, 'c');
  });

  it('leaves one entry in the audit trail', async () => {
    await refresh();
    const sql = `select action, data from audit_entry where action like 'intent%refresh'`;
    const { rows } = await bench.context.storage.executeSql(sql);
    assert.equal(rows.length, 1);
    assert.match(JSON.stringify(rows[0]), /"intent-project.refresh".*"checked":4.*"failures":0.*"unchanged":4/);
  });

  it('is judged for each resource, as a refresh', async () => {
    await bench.intent.addDependency(bench.request, { intentProject: bench.project, from: 'b', to: 'a' });
    const seen = new Map<string, Json>();
    await bench.addPolicy('some', (input) => {
      const resource = isJsonObject(input) ? input['resource'] : undefined;
      const [id, operation] = isJsonObject(resource) ? [resource['resource_id'], resource['operation']] : [];
      assert.equal(operation, 'refresh');
      seen.set(String(id as string), input);
      return id === 'a' ? { deny: ['not a'] } : id === 'b' ? {} : { allow: ['fine'] };
    });
    const found = await refresh();
    assert.deepEqual([found.checked, found.unchanged], [4, 2]);
    const failures = new Map(found.failures.map(({ resourceID, message }) => [resourceID, message]));
    assert.match(failures.get('a') ?? '', /- not a$/);
    assert.match(failures.get('b') ?? '', /no policy allows it/);
    const input = seen.get('b') ?? null;
    const dependencies = isJsonObject(input) ? input['dependencies'] : undefined;
    assert.deepEqual(dependencies, { upstream: [{ resource_id: 'a', resource_type: 'fake_thing' }], downstream: [] });
    assert.equal(seen.size, 4);
  });

  it('goes on where it stopped, and comes to an end', async () => {
    const checked: number[] = [];
    let after: string | null = '';
    for (let calls = 0; after !== null && calls < 10; calls += 1) {
      const found: Awaited<ReturnType<typeof refresh>> = await refresh({ after, wait: 0 });
      assert.ok(found.checked > 0);
      checked.push(found.checked);
      after = found.next;
    }
    assert.equal(after, null);
    assert.equal(
      checked.reduce((sum, each) => sum + each, 0),
      4,
    );
    assert.ok(checked.length > 1);
  });

  it('names what could not be read, and reads the rest', async () => {
    let reads = 0;
    bench.cloud.fault = ({ name }) =>
      name === 'read' && (reads += 1) === 1 ? Promise.reject(providerCrash(false)) : Promise.resolve(undefined);
    const found = await refresh();
    assert.deepEqual([found.checked, found.unchanged, found.failures.length], [4, 3, 1]);
    assert.match(found.failures[0]?.message ?? '', /exited with code 2/);
  });

  it('is refused to others while a session works in the project, and where nothing may run', async () => {
    await assertRefused('PROJECT_LOCKED', refresh({}, otherSession('other')));
    await assertRefused('BAD_INPUT', refresh({ wait: 51 }), /wait/);
    await bench.context.storage.executeSql(`update intent_project set state = 'DISABLED'`);
    await assertRefused('CONFLICT', refresh(), /disabled/);
    await assertRefused('NO_SUCH', bench.intent.refreshProject(bench.request, { intentProject: 'none' }));
  });
});
