import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import type { TestServer } from '../testing/server.ts';
import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';

const CREATE = `mutation($project: ID!, $id: ID!, $provider: String!, $type: String!, $version: String, $config: JSON!) {
  intentResourceCreate(intentProject: $project, resourceID: $id, provider: $provider, type: $type, version: $version, config: $config) { status }
}`;

describe('bad input', function () {
  let server: TestServer;
  let project: string;
  before(async () => {
    server = await sharedServer();
    const made = await server.graphql('mutation { intentProjectCreate(name: "Bad input") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  });

  const create = (changes: JsonObject) =>
    server.graphql(CREATE, {
      project,
      id: 'thing',
      provider: 'sluice/sandbox',
      type: 'sandbox_pet',
      config: {},
      ...changes,
    });

  async function callTool(name: string, args: JsonObject): Promise<{ isError: boolean; text: string }> {
    const response = await fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await server.adminToken()}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }),
    });
    const line = (await response.text()).split('\n').find((each) => each.startsWith('data: ')) ?? 'data: {}';
    const { result } = JSON.parse(line.slice(6)) as { result: { isError?: boolean; content: { text: string }[] } };
    return { isError: result.isError ?? false, text: result.content.map(({ text }) => text).join('\n') };
  }

  async function unlock(): Promise<void> {
    read(await server.graphql('mutation($project: ID!) { intentProjectUnlock(id: $project) { id } }', { project }));
  }

  async function nothingHappened(): Promise<void> {
    const answer = await server.graphql(
      'query($project: ID!) { intentResources(intentProject: $project) { count } intentResourceOperations(intentProject: $project) { operations { id } } }',
      { project },
    );
    assert.deepEqual(read(answer), { intentResources: { count: 0 }, intentResourceOperations: { operations: [] } });
  }

  afterEach(nothingHappened);

  it('names an argument that a tool does not have', async () => {
    const { isError, text } = await callTool('intent', { kind: 'create', project, id: 'x', tpye: 'sandbox_pet' });
    assert.equal(isError, true);
    assert.match(text, /tpye/);
    assert.match(text, /did you mean .*type/i);
  });

  it('names an argument of the wrong type', async () => {
    const { isError, text } = await callTool('intent', { kind: 'delete', project, id: 7 });
    assert.equal(isError, true);
    assert.match(text, /id/);
    assert.match(text, /string/);
  });

  it('names a kind that a tool does not have', async () => {
    const { isError, text } = await callTool('intent', { kind: 'destroy', project, id: 'x' });
    assert.equal(isError, true);
    assert.match(text, /kind/);
    assert.match(text, /delete/);
  });

  it('suggests a resource type', async () => {
    const { code, message } = refusal(await create({ type: 'sandbox_pets' }));
    assert.equal(code, 'BAD_INPUT');
    assert.match(message, /sandbox_pets.*did you mean.*sandbox_pet/s);
  });

  it('says what is wrong with a configuration, attribute by attribute', async () => {
    const { code, message } = refusal(await create({ config: { lenght: 2, prefix: ['x'] } }));
    assert.equal(code, 'BAD_INPUT');
    assert.match(message, /config\.lenght/);
    assert.match(message, /config\.prefix/);
  });

  it('hands on what the provider itself refuses', async () => {
    const { code, message } = refusal(await create({ config: { length: 0 } }));
    assert.equal(code, 'PROVIDER_REFUSED');
    assert.match(message, /length/);
  });

  it('refuses a provider that nobody allowed', async () => {
    const { code, message } = refusal(await create({ provider: 'hashicorp/aws', type: 'aws_s3_bucket' }));
    assert.equal(code, 'PROVIDER_REFUSED');
    assert.match(message, /hashicorp\/aws/);
    assert.match(message, /SLUICE_PROVIDER_ALLOW|allow/);
  });

  it('says which versions there are', async () => {
    const { message } = refusal(await create({ version: '99.0.0' }));
    assert.match(message, /99\.0\.0/);
    assert.match(message, /0\.1\.0/);
  });

  it('names holder and expiry of a locked project', async () => {
    const other = await aKey(server, { 'space-admin': 'root' });
    await unlock();
    read(
      await server.graphql(
        'mutation($project: ID!) { intentProjectActivate(id: $project) { id } }',
        { project },
        other.token,
      ),
    );
    const { code, message } = refusal(await create({}));
    assert.equal(code, 'PROJECT_LOCKED');
    assert.match(message, /test key until \d{4}-/);
    await unlock();
  });

  it('refuses a huge body with the limit', async () => {
    const answer = await server.graphql('{ viewer { id } }', { filler: 'x'.repeat(1_100_000) });
    assert.equal(answer.status, 413);
    assert.match(answer.errors[0]?.message ?? '', /1,?000,?000/);
  });

  it('refuses a deep document with the limit', async () => {
    const deep = `{ __type(name: "Query") ${'{ ofType '.repeat(40)} { name } ${'}'.repeat(40)} }`;
    const { code, message } = refusal(await server.graphql(deep));
    assert.equal(code, 'LIMIT_EXCEEDED');
    assert.match(message, /limit is \d+/);
  });

  it('refuses text that is no document, with line and column', async () => {
    const [error] = (await server.graphql('{ viewer { id ')).errors;
    assert.match(error?.message ?? '', /Syntax Error/);
    assert.deepEqual(error?.locations, [{ line: 1, column: 15 }]);
  });

  it('tells a client at the wrong address which one is right', async () => {
    const { port } = new URL(server.url);
    const { status, body } = await requestAs(`evil.example:${port}`, Number(port));
    assert.equal(status, 421);
    assert.match(body, new RegExp(server.url));
  });
});

// fetch does not let a Host header be set.
async function requestAs(host: string, port: number): Promise<{ status: number; body: string }> {
  const { request } = await import('node:http');
  return new Promise((done, failed) => {
    const call = request({ port, path: '/graphql', headers: { host } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => done({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', failed).end();
  });
}
