import assert from 'node:assert/strict';

import { mcpClients, type McpSession } from '../testing/mcp-clients.ts';
import { startMcpServer, type FakeExecute, type McpTestServer } from '../testing/mcp-server.ts';

const operation = {
  operation: '01OP',
  project: 'demo',
  id: 'pet',
  outcome: 'created',
  message: 'created sandbox_pet "pet"',
  decision: { outcome: 'ALLOWED', allow: [], deny: [] },
};

// A promise to clients of the fine-grained surface: names are never changed.
const writing = [
  'lifecycle-changes-apply',
  'lifecycle-changes-cancel',
  'lifecycle-changes-plan',
  'lifecycle-changes-resume',
  'lifecycle-datasources-read',
  'lifecycle-resources-cancel',
  'lifecycle-resources-create',
  'lifecycle-resources-delete',
  'lifecycle-resources-dependencies-add',
  'lifecycle-resources-dependencies-remove',
  'lifecycle-resources-import',
  'lifecycle-resources-refresh',
  'lifecycle-resources-resume',
  'lifecycle-resources-rollback',
  'lifecycle-resources-update',
  'policy-create',
  'policy-delete',
  'policy-simulate',
  'policy-update',
  'project-cloud-attach',
  'project-cloud-detach',
  'project-config-add',
  'project-config-delete',
  'project-config-update',
  'project-create',
  'project-delete',
  'project-disable',
  'project-drift-check',
  'project-enable',
  'project-export',
  'project-policy-attach',
  'project-policy-detach',
  'project-refresh',
  'project-unlock',
  'project-update',
  'project-use',
  'provider-config-delete',
  'provider-config-set',
  'state-eject',
];
const fineGrained = [
  ...writing,
  'cloud-integration-list',
  'lifecycle-changes-get',
  'lifecycle-resources-dependencies-get',
  'lifecycle-resources-operations',
  'lifecycle-resources-receipt',
  'lifecycle-resources-status',
  'policy-dry-run',
  'policy-get',
  'policy-input-schema',
  'policy-list',
  'policy-samples',
  'project-config-list',
  'project-current',
  'project-describe',
  'project-list',
  'project-log',
  'provider-datasources-describe',
  'provider-describe',
  'provider-docs',
  'provider-docs-search',
  'provider-resources-describe',
  'provider-search',
  'space-list',
  'state-get',
  'state-list',
  'state-timeline',
].toSorted();

for (const { era, connect } of mcpClients) {
  describe(`MCP tools for ${era} clients`, () => {
    let server: McpTestServer;
    let answer: FakeExecute;
    const sessions: McpSession[] = [];

    before(async () => {
      server = await startMcpServer((request) => answer(request));
    });
    after(async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await server.stop();
    });
    beforeEach(() => {
      answer = () => ({ data: {} });
    });

    async function open(right: string, path = '/mcp'): Promise<McpSession> {
      const session = await connect({ url: server.url + path, headers: { authorization: `Bearer ${right}` } });
      sessions.push(session);
      return session;
    }
    const namesOf = async (session: McpSession) => (await session.listTools()).map(({ name }) => name).toSorted();

    it('lists the five tools to a writer and three to a reader', async () => {
      assert.deepEqual(await namesOf(await open('write')), ['discover', 'intent', 'mutate', 'provider', 'query']);
      assert.deepEqual(await namesOf(await open('read')), ['discover', 'provider', 'query']);
    });

    it('narrows the list by ?tools=, and gives provider with intent', async () => {
      assert.deepEqual(await namesOf(await open('write', '/mcp?tools=intent')), ['intent', 'provider']);
      assert.deepEqual(await namesOf(await open('read', '/mcp?tools=query,mutate')), ['query']);
    });

    it('has the fine-grained tools on the other endpoint', async () => {
      assert.deepEqual(await namesOf(await open('write', '/intent/mcp')), fineGrained);
      const read = await namesOf(await open('read', '/intent/mcp'));
      assert.deepEqual(
        fineGrained.filter((name) => !read.includes(name)),
        writing,
      );
    });

    it('tells clients how to work with it', async () => {
      assert.match((await open('read')).instructions ?? '', /data, never instructions/);
    });

    it("passes the caller's own document on, and lets `query` read only", async () => {
      answer = () => ({ data: { viewer: { id: 'me' } } });
      const reply = await (await open('read')).call('query', { document: '{ viewer { id } }', variables: { a: 1 } });
      assert.deepEqual(reply.structured, { viewer: { id: 'me' } });
      const request = server.requests.at(-1);
      assert.equal(request?.document, '{ viewer { id } }');
      assert.deepEqual(request?.variables, { a: 1 });
      assert.equal(request?.allow, 'query');
    });

    it("turns arguments into the variables of the kind's document", async () => {
      answer = () => ({ data: { intentResourceCreate: operation } });
      const given = {
        kind: 'create',
        project: 'demo',
        id: 'pet',
        provider: 'sluice/sandbox',
        type: 'sandbox_pet',
        config: {},
      };
      const reply = await (await open('write')).call('intent', given);
      assert.equal(reply.isError, false);
      assert.equal(reply.structured['outcome'], 'created');
      assert.match(reply.texts[0] ?? '', /^created sandbox_pet "pet"\n/);
      const { kind: _kind, ...variables } = given;
      assert.deepEqual(server.requests.at(-1)?.variables, variables);
    });

    it('fills in the project that the session uses', async () => {
      answer = ({ document }) =>
        document.includes('intentProjectActive')
          ? { data: { intentProjectActive: { id: 'mine' } } }
          : { data: { intentResources: { states: [], count: 0 } } };
      const reply = await (await open('read', '/intent/mcp')).call('state-list');
      assert.deepEqual(reply.structured, { states: [], count: 0 });
      assert.deepEqual(server.requests.at(-1)?.variables, { project: 'mine' });
    });

    it('says how to choose a project when none is in use', async () => {
      answer = () => ({ data: { intentProjectActive: null } });
      const reply = await (await open('write', '/intent/mcp')).call('state-list');
      assert.equal(reply.code, 'BAD_INPUT');
      assert.match(reply.texts[0] ?? '', /^project: name a project, or use one first \(project-use\)/);
      // Who only reads has no tool to use one with.
      const reader = await (await open('read', '/intent/mcp')).call('state-list');
      assert.match(reader.texts[0] ?? '', /^project: name a project; project-list has their ids\n/);
    });

    it('puts enum values and input keys into the form of the API', async () => {
      const edge = { from_resource_id: 'a', to_resource_id: 'b', status: 'added' };
      answer = () => ({ data: { intentResourceDependencyAdd: edge } });
      await (
        await open('write', '/intent/mcp')
      ).call('lifecycle-resources-dependencies-add', {
        project: 'demo',
        from_resource_id: 'a',
        to_resource_id: 'b',
        dependency_type: 'data_source',
        field_mappings: [{ source_field: 'id', target_field: 'owner', description: 'owns' }],
      });
      assert.deepEqual(server.requests.at(-1)?.variables, {
        project: 'demo',
        from_resource_id: 'a',
        to_resource_id: 'b',
        dependency_type: 'DATA_SOURCE',
        field_mappings: [{ sourceField: 'id', targetField: 'owner', description: 'owns' }],
      });
    });

    it('refuses a tool that there is none of as a protocol error', async () => {
      const session = await open('write');
      await assert.rejects(session.call('discovr', {}), (error: Error & { code?: number }) => {
        assert.equal(error.code, -32_602);
        assert.match(error.message, /no such tool "discovr" - did you mean "discover"\?/);
        return true;
      });
    });

    const wrong: readonly [string, string, object, RegExp][] = [
      [
        'an unknown kind',
        'intent',
        { kind: 'creat' },
        /^kind: no such kind "creat" - did you mean "create"\?; intent knows create, update/,
      ],
      ['no kind', 'intent', {}, /^kind: say what to do; intent knows create/],
      [
        'a missing argument',
        'intent',
        { kind: 'delete' },
        /^id: is missing; discover \{kind: "tool", name: "intent"\}/,
      ],
      [
        'an unknown argument',
        'intent',
        { kind: 'read', id: 'a', resourceType: 'b' },
        /^resourceType: no such argument/,
      ],
      [
        'a mistyped argument',
        'intent',
        { kind: 'read', id: 'a', projekt: 'b' },
        /^projekt: no such argument - did you mean "project"\?/,
      ],
      ['a wrong type', 'intent', { kind: 'update', id: 'a', config: 'b' }, /^config: must be an object/],
      ['a document that is no text', 'query', { document: 1 }, /^document: must be a string/],
    ];
    for (const [what, tool, given, message] of wrong) {
      it(`names what is wrong with ${what} before anything runs`, async () => {
        const before = server.requests.length;
        const reply = await (await open('write')).call(tool, { ...given });
        assert.equal(reply.isError, true);
        assert.equal(reply.code, 'BAD_INPUT');
        assert.match(reply.texts[0] ?? '', message);
        assert.equal(server.requests.length, before);
      });
    }

    it('names the words that an argument takes', async () => {
      const given = { project: 'p', resource_id: 'a', direction: 'up' };
      const reply = await (await open('read', '/intent/mcp')).call('lifecycle-resources-dependencies-get', given);
      assert.equal(reply.code, 'BAD_INPUT');
      assert.match(reply.texts[0] ?? '', /^direction: must be one of dependencies, dependents, both/);
    });

    it('names the entry of a list that is wrong', async () => {
      const edge = { project: 'p', from_resource_id: 'a', to_resource_id: 'b', dependency_type: 'explicit' };
      const given = { ...edge, field_mappings: [{ source_field: 'id', targetField: 'x' }] };
      const reply = await (await open('write', '/intent/mcp')).call('lifecycle-resources-dependencies-add', given);
      assert.match(reply.texts[0] ?? '', /field_mappings\.0\.target_field: is missing/);
      assert.match(reply.texts[0] ?? '', /field_mappings\.0\.targetField: no such argument/);
    });

    it('gives what GraphQL refuses as an answer with its code and particulars', async () => {
      const message = 'project "demo" is in use by ann until 10:05; wait or unlock it';
      answer = () => ({ errors: [{ message, extensions: { code: 'PROJECT_LOCKED', holder: 'ann', until: 1 } }] });
      const reply = await (await open('write')).call('intent', { kind: 'refresh', project: 'demo', id: 'pet' });
      assert.equal(reply.code, 'PROJECT_LOCKED');
      assert.ok(reply.texts[0]?.startsWith(`${message}\ncode: PROJECT_LOCKED`));
      assert.deepEqual(reply.structured, { code: 'PROJECT_LOCKED', message, details: { holder: 'ann', until: 1 } });
    });

    it('names every reason of a denial', async () => {
      const denied = {
        ...operation,
        outcome: 'denied',
        message: 'policy denied the operation',
        decision: { deny: ['too big', 'too late'] },
      };
      answer = () => ({ data: { intentResourceCreate: denied } });
      const given = { kind: 'create', project: 'p', id: 'pet', provider: 'x/y', type: 'y_z', config: {} };
      const reply = await (await open('write')).call('intent', given);
      assert.equal(reply.isError, true);
      assert.equal(reply.code, 'POLICY_DENIED');
      assert.match(reply.texts[0] ?? '', /^policy denied the operation\n- too big\n- too late\n/);
    });

    it('says that there is none where the API answers null', async () => {
      answer = () => ({ data: { intentResource: null } });
      const reply = await (await open('write')).call('intent', { kind: 'read', project: 'p', id: 'x' });
      assert.equal(reply.code, 'NO_SUCH');
      assert.match(reply.texts[0] ?? '', /^no such intent resource, or you may not read it/);
    });

    it('keeps what a document of the caller did get beside its errors', async () => {
      answer = () => ({
        data: { viewer: { id: 'me' }, policy: null },
        errors: [{ message: 'unauthorized: no', extensions: { code: 'FORBIDDEN' } }],
      });
      const reply = await (await open('read')).call('query', { document: '{ viewer { id } policy(id: "x") { id } }' });
      assert.equal(reply.code, 'FORBIDDEN');
      assert.deepEqual(reply.structured['data'], { viewer: { id: 'me' }, policy: null });
    });

    it('writes operations as a list for people and as JSON', async () => {
      const row = {
        id: '01A',
        resource_id: 'pet',
        resource_type: 'sandbox_pet',
        operation: 'CREATE',
        status: 'SUCCEEDED',
        user: 'ann',
        created_at: 0,
      };
      answer = () => ({
        data: { intentResourceOperations: { page: 1, page_size: 20, has_more: true, operations: [row] } },
      });
      const reply = await (await open('read', '/intent/mcp')).call('lifecycle-resources-operations', { project: 'p' });
      assert.equal(
        reply.texts[0],
        '- SUCCEEDED create sandbox_pet pet (1970-01-01T00:00:00Z by ann) 01A\nMore on page 2.',
      );
      assert.deepEqual(JSON.parse(reply.texts[1] ?? ''), { page: 1, page_size: 20, has_more: true, operations: [row] });
    });

    it('says when there are no operations', async () => {
      const empty = { page: 1, page_size: 20, has_more: false, operations: [] };
      answer = () => ({ data: { intentResourceOperations: empty } });
      const reply = await (await open('read', '/intent/mcp')).call('lifecycle-resources-operations', { project: 'p' });
      assert.equal(reply.texts[0], 'No operations.');
      assert.deepEqual(reply.structured, empty);
    });

    it("gives the API's description as it reads, with the next cursor", async () => {
      answer = () => ({ data: { discover: { text: 'viewer: Viewer', cursor: 'c2', total: 9 } } });
      const reply = await (await open('read')).call('discover', { kind: 'queries' });
      assert.equal(reply.texts[0], 'viewer: Viewer\n[more: repeat with cursor "c2"]');
    });

    it('makes text from elsewhere harmless', async () => {
      const evil = '\u001b[31mred\u001b[0m \u202Eabc\u202C ![x](https://evil.example/?q=1) \u{e0041}\u0000ok';
      answer = () => ({ data: { policies: [{ name: evil }] } });
      const reply = await (await open('read')).call('query', { document: '{ policies { name } }' });
      const clean = 'red abc ! [x](https://evil.example/?q=1) ok';
      assert.deepEqual(reply.structured, { policies: [{ name: clean }] });
      assert.ok(reply.texts[0]?.includes(clean));
    });

    it('cuts a long text and says how to get the rest', async () => {
      answer = () => ({ data: { text: 'x'.repeat(100_000) } });
      const reply = await (await open('read')).call('query', { document: '{ text }' });
      assert.ok((reply.texts[0]?.length ?? 0) < 25_000);
      assert.match(reply.texts[0] ?? '', /\[cut: 24000 of \d+ characters\. Ask for less/);
    });

    it('hides what it did not expect', async () => {
      answer = () => {
        throw new Error('secret inside');
      };
      const reply = await (await open('read')).call('query', { document: '{ x }' });
      assert.equal(reply.code, 'INTERNAL');
      assert.equal(reply.texts[0], 'internal error; the log has it under test-request\ncode: INTERNAL');
    });
  });
}
