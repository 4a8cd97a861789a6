import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { buildGoProvider, buildTimeProvider, fixtureAddress, timeAddress } from '../testing/go-provider.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { requireTool } from '../testing/tools.ts';

const OPERATION = `id status outcome message failure state redacted confirmation { token }
  plan { action afterUnknown replacePaths } diagnostics { severity summary path }`;

// Providers that other people wrote, or that are built on their framework, under the server as it ships.
describe('real providers', function () {
  let folder: string;
  let server: TestServer;

  before(requireTool('go'));
  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'sluice-real-'));
    const fixture = join(folder, 'terraform-provider-fixture');
    const cloud = join(folder, 'cloud');
    const script = `#!/bin/sh\nmkdir -p ${cloud}\nexport FIXTURE_DIR=${cloud} FIXTURE_FAULTS=@${folder}/faults\nexec ${await buildGoProvider()}\n`;
    await writeFile(fixture, script, { mode: 0o755 });
    server = await startTestServer({
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${fixture},${timeAddress}=${await buildTimeProvider()}`,
        SLUICE_PROVIDER_FOLDERS: folder,
        SLUICE_PROVIDER_ALLOW: `${fixtureAddress},${timeAddress}`,
      },
    });
    await ask('mutation { intentProjectCreate(name: "Real") { id } }');
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });
  afterEach(() => rm(join(folder, 'faults'), { force: true }));

  async function ask(document: string, variables?: JsonObject): Promise<JsonObject> {
    const { data, errors } = await server.graphql(document, variables);
    if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
    assert.ok(isJsonObject(data));
    return data;
  }
  const operationOf = (data: JsonObject): JsonObject => {
    const [operation] = Object.values(data);
    assert.ok(isJsonObject(operation));
    return operation;
  };
  const create = async (resourceID: string, provider: string, type: string, config: Json, wait = 50) =>
    operationOf(
      await ask(
        `mutation($id: ID!, $p: String!, $t: String!, $c: JSON!, $w: Int) { intentResourceCreate(intentProject: "real",
          resourceID: $id, provider: $p, type: $t, config: $c, wait: $w) { ${OPERATION} } }`,
        { id: resourceID, p: provider, t: type, c: config, w: wait },
      ),
    );
  const update = async (resourceID: string, config: Json) =>
    operationOf(
      await ask(
        `mutation($id: ID!, $c: JSON!) { intentResourceUpdate(intentProject: "real", resourceID: $id, config: $c) { ${OPERATION} } }`,
        { id: resourceID, c: config },
      ),
    );
  const onResource = async (verb: string, resourceID: string, confirmation?: Json) => {
    const argument = confirmation === undefined ? '' : ', confirmation: $k';
    const declared = confirmation === undefined ? '' : ', $k: String';
    return operationOf(
      await ask(
        `mutation($id: ID!${declared}) { ${verb}(intentProject: "real", resourceID: $id${argument}) { ${OPERATION} } }`,
        { id: resourceID, ...(confirmation === undefined ? {} : { k: confirmation }) },
      ),
    );
  };
  const planned = (operation: JsonObject, field: string): Json | undefined =>
    isJsonObject(operation['plan']) ? operation['plan'][field] : undefined;

  describe('every kind of attribute', () => {
    const config = {
      name: 'shapes',
      text: 'plain',
      count_of: 3,
      ratio: 0.1,
      big: '12345678901234567890.5',
      items: ['b', 'a'],
      labels: ['y', 'x'],
      tags: { k: 'v' },
      matrix: [[1, 2.5], []],
      pair: { key: 'k', weight: 1.5 },
      anything: { any: ['thing', 1, true] },
      secret: 'hunter22',
      token: 'tokentoken',
      token_version: 1,
      place: { city: 'Basel', zone: 'a' },
      rules: [{ cidr: '10.0.0.0/8', ports: [80], key: 'rulekey1' }, { cidr: '::/0' }],
      rule_set: [{ cidr: '10.0.0.0/8', key: 'rulekey2' }],
      rule_map: { one: { cidr: '10.0.0.0/8', key: 'rulekey3' } },
    };

    it('is created, redacted, and found unchanged afterwards', async () => {
      const created = await create('shapes', fixtureAddress, 'fixture_shapes', config);
      assert.equal(created['status'], 'FINISHED');
      const { state } = created;
      assert.ok(isJsonObject(state));
      assert.deepEqual(
        [state['big'], state['ratio'], state['style'], state['token_length'], state['labels'], state['anything']],
        ['12345678901234567890.5', 0.1, 'plain', 10, ['x', 'y'], { any: ['thing', 1, true] }],
      );
      const redacted = ['rule_map.one.key', 'rule_set[0].key', 'rules[0].key', 'secret', 'token']; // the last is in no state
      assert.deepEqual(new Set(listOf(created['redacted'])), new Set(redacted));
      assert.doesNotMatch(JSON.stringify(created), /hunter22|tokentoken|rulekey/);
      const again = await update('shapes', config);
      assert.equal(planned(again, 'action'), 'no-op');
    });

    it('is changed in place where it can be, and replaced where it must', async () => {
      const changed = await update('shapes', { ...config, text: 'other', rules: [{ cidr: '10.0.0.0/9' }] });
      assert.deepEqual([planned(changed, 'action'), changed['outcome']], ['update', 'updated']);
      const replacing = await update('shapes', { ...config, place: { city: 'Basel', zone: 'b' } });
      assert.deepEqual([planned(replacing, 'action'), replacing['status']], ['replace', 'AWAITING_CONFIRMATION']);
      assert.deepEqual(planned(replacing, 'replacePaths'), ['place.zone']);
    });
  });

  it('nested blocks of every kind are created, kept and changed', async () => {
    const config = {
      name: 'blocks',
      rule: [
        { cidr: '10.0.0.0/8', port: 80, option: [{ key: 'b', value: 'optvalue' }, { key: 'a' }] },
        { cidr: '::/0' },
      ],
      member: [{ login: 'bob', roles: ['y', 'x'] }, { login: 'ann' }],
      place: { city: 'Basel' },
    };
    const created = await create('blocks', fixtureAddress, 'fixture_blocks', config);
    assert.equal(created['status'], 'FINISHED');
    assert.doesNotMatch(JSON.stringify(created), /optvalue/);
    assert.equal(planned(await update('blocks', config), 'action'), 'no-op');
    const fewer = await update('blocks', { ...config, member: [{ login: 'ann' }] });
    assert.deepEqual([planned(fewer, 'action'), fewer['status']], ['update', 'FINISHED']);
  });

  it('an object is drifted, refreshed, found gone, imported, read and deleted', async () => {
    const created = await create('object', fixtureAddress, 'fixture_object', { name: 'thing', content: 'one' });
    const id = isJsonObject(created['state']) ? textOf(created['state']['id']) : '';
    const file = join(folder, 'cloud', `${id}.json`);
    const body = await readFile(file, 'utf8');
    await writeFile(file, body.replace('one', 'two'));
    const drifted = await onResource('intentResourceRefresh', 'object');
    assert.deepEqual(
      [drifted['outcome'], isJsonObject(drifted['state']) && drifted['state']['content']],
      ['warning', 'two'],
    );
    await rm(file);
    assert.match(JSON.stringify(await onResource('intentResourceRefresh', 'object')), /is gone/);
    await writeFile(file, body);
    const imported = operationOf(
      await ask(
        `mutation($i: String!) { intentResourceImport(intentProject: "real", resourceID: "twin", importID: $i,
          provider: "${fixtureAddress}", type: "fixture_object") { ${OPERATION} } }`,
        { i: id },
      ),
    );
    assert.equal(imported['outcome'], 'imported');
    const read = operationOf(
      await ask(
        `query($c: JSON!) { intentDataSourceRead(intentProject: "real", provider: "${fixtureAddress}",
          type: "fixture_object", config: $c) { result } }`,
        { c: { id } },
      ),
    );
    assert.deepEqual(read['result'], { id, name: 'thing', content: 'one', revision: 1 });
    const waiting = await onResource('intentResourceDelete', 'twin');
    assert.ok((await readdir(join(folder, 'cloud'))).includes(`${id}.json`));
    const token = isJsonObject(waiting['confirmation']) ? waiting['confirmation']['token'] : undefined;
    const deleted = await onResource('intentResourceDelete', 'twin', token);
    assert.equal(deleted['outcome'], 'deleted');
    assert.ok(!(await readdir(join(folder, 'cloud'))).includes(`${id}.json`));
  });

  it('what a provider refuses names the attribute', async () => {
    await assert.rejects(
      create('static', timeAddress, 'time_static', { rfc3339: 'tomorrow' }),
      /provider hashicorp\/time [^]* refused the configuration of time_static:\n- rfc3339: /,
    );
  });

  it('hashicorp/time creates, changes and keeps a resource', async () => {
    const config = { base_rfc3339: '2026-01-01T00:00:00Z', offset_days: 1 };
    const created = await create('offset', timeAddress, 'time_offset', config);
    assert.equal(isJsonObject(created['state']) && created['state']['rfc3339'], '2026-01-02T00:00:00Z');
    assert.equal(planned(await update('offset', config), 'action'), 'no-op');
    const moved = await update('offset', { ...config, offset_days: 2 });
    assert.equal(isJsonObject(moved['state']) && moved['state']['rfc3339'], '2026-01-03T00:00:00Z');
  });

  it('a slow creation is cancelled', async () => {
    const running = await create('nap', timeAddress, 'time_sleep', { create_duration: '50s' }, 0);
    const canceled = operationOf(
      await ask(
        `mutation($id: ID!) { intentResourceOperationCancel(intentProject: "real", operationID: $id) { ${OPERATION} } }`,
        { id: running['id'] ?? null },
      ),
    );
    assert.ok(['FAILED', 'CANCELED'].includes(textOf(canceled['status'])), JSON.stringify(canceled));
  });

  describe('that misbehave', () => {
    const fault = (call: string, what: string) =>
      writeFile(join(folder, 'faults'), JSON.stringify([{ call, do: what }]));
    const latest = async (): Promise<JsonObject> => {
      const data = await ask(
        '{ intentResourceOperations(intentProject: "real", pageSize: 1) { operations { id status } } }',
      );
      const list = data['intentResourceOperations'];
      const [operation] = isJsonObject(list) ? listOf(list['operations']) : [];
      assert.ok(isJsonObject(operation));
      return operation;
    };
    // What the provider does, what becomes of the operation.
    const table: [string, string, string][] = [
      ['ValidateResourceConfig', 'crash_before', 'none'],
      ['PlanResourceChange', 'crash_before', 'FAILED'],
      ['PlanResourceChange', 'wrong_type', 'FAILED'],
      ['ApplyResourceChange', 'crash_after', 'INTERRUPTED'],
      ['ApplyResourceChange', 'wrong_type', 'INTERRUPTED'],
      ['ApplyResourceChange', 'lose_state', 'FAILED'],
      ['ApplyResourceChange', 'change_state', 'FAILED'],
      ['ApplyResourceChange', 'error_after', 'FAILED'],
    ];
    for (const [at, [call, what, status]] of table.entries()) {
      it(`${call} ${what} ends as ${status}`, async () => {
        const before = await latest();
        await fault(call, what);
        await assert.rejects(create(`bad-${at}`, fixtureAddress, 'fixture_object', { name: `bad-${at}` }), /provider/);
        const operation = await latest();
        if (status === 'none') assert.deepEqual(operation, before);
        else assert.equal(operation['status'], status);
        await rm(join(folder, 'faults'));
        const good = await create(`good-${at}`, fixtureAddress, 'fixture_object', { name: `good-${at}` });
        assert.equal(good['status'], 'FINISHED');
      });
    }
  });
});

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value.map((each: Json) => each) : [];
}
