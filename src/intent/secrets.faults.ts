import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';

import type { Json, JsonObject } from '../shared/json.ts';
import { campaign, campaignSeed, createRandom, type Random } from '../testing/campaign.ts';
import { Canaries, type Hit } from '../testing/canaries.ts';
import { layLiar, liarAddress } from '../testing/liar/lay-liar.ts';
import { type Script, spellings } from '../testing/liar/script.ts';
import { connectLegacy, connectModern, type McpSession } from '../testing/mcp-clients.ts';
import { type GraphqlAnswer, startTestServer, type TestServer } from '../testing/server.ts';
import { findTool } from '../testing/tools.ts';

const run = promisify(execFile);
const sluice = resolve(import.meta.dirname, '../../scripts/sluice.mjs');

const OPERATION = `id status outcome message failure config state redacted receipts { action outcome actor inputNames before after } confirmation { token summary }
  plan { action before after afterUnknown replacePaths redacted digest } decision { outcome allow deny policies }
  review { note } diagnostics { severity summary detail path } steps { step } resource { config state drift { paths } }`;

const EVERYTHING = `query($p: ID!) {
  intentProject(id: $p) { name config { id value checksum } providerConfigs { config redacted }
    watch { webhookHost webhookFailure note } }
  intentResources(intentProject: $p) { resources { resourceID config state redacted drift { paths } } }
  intentResourceOperations(intentProject: $p, pageSize: 100) { operations { ${OPERATION} } }
  intentChangeSets(intentProject: $p) { changeSets { message failure changes { operation { ${OPERATION} } } } }
  intentTimeline(intentProject: $p) { events { resourceID operation changedBy } }
  intentOperationLog(intentProject: $p) { lines }
  policies { name body evaluationRecords { key } } }`;

const QUOTES_ALL = `package spacelift
deny contains sprintf("it may not be %v", [input])
sample := true`;
const LEAVES_OPEN = `package spacelift
sample := true`;

const lineTails = ['', '"quoted"\\', ' &?=%/+ e', "'; --", ' é ☂'];

/** What one round plants and where it looks. */
interface World {
  readonly server: TestServer;
  readonly canaries: Canaries;
  readonly hits: Hit[];
  readonly scriptFile: string;
  readonly webhook: string;
  /** How often an answer shows that a secret was taken out. */
  masked: number;
}

describe('secrets that were planted', function (this: Mocha.Suite) {
  let folder: string;
  let receiver: Server;
  let world: World;
  let since = 0;
  const told: string[] = [];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-canaries-'));
    receiver = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => told.push(chunk.toString()));
      told.push(JSON.stringify(request.headers));
      response.statusCode = request.url?.includes('refuse') === true ? 500 : 204;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const { port } = receiver.address() as AddressInfo;
    const { executable, scriptFile } = layLiar(folder);
    const server = await startTestServer({
      dataDir: join(folder, 'data'),
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `${liarAddress}=${executable}`,
        SLUICE_PROVIDER_ALLOW: liarAddress,
        SLUICE_PROVIDER_FOLDERS: folder,
        SLUICE_OUTBOUND_ALLOW: `127.0.0.1:${port}`,
        SLUICE_LOG_LEVEL: 'debug',
        SLUICE_PROVIDER_IDLE_MS: '1000',
      },
    });
    since = Date.now();
    world = {
      server,
      canaries: new Canaries(createRandom(`${campaignSeed} canaries`)),
      hits: [],
      masked: 0,
      scriptFile,
      webhook: `http://127.0.0.1:${port}`,
    };
  });
  after(async () => {
    await world?.server.stop();
    receiver?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = new Canaries(createRandom(`${campaignSeed} open`));
  const name = open.make('the name of a project, which is no secret', createRandom('open'), '');
  const rounds = campaign('secrets that were planted', { short: 1, tenth: 4, full: 40 });

  it(`are in no answer, by GraphQL or MCP, whatever fails: ${rounds.count} projects`, async () => {
    await rounds.run(async (random, index) => {
      const round = new Round(world, random, index);
      await round.plant();
      await round.drive();
      assert.ok(world.masked > 10, 'the provider was heard to quote secrets');
      world.masked = 0;
      assert.deepEqual(world.hits.splice(0), []);
    });
  });

  it('are in no answer to a request that is wrong', async () => {
    await wrongRequests(world, createRandom('wrong requests'));
    assert.deepEqual(world.hits.splice(0), []);
  });

  it('would be found in an answer where one may be', async () => {
    const mutation = 'mutation($name: String!) { intentProjectCreate(name: $name) { name } }';
    const { data } = await world.server.graphql(mutation, { name });
    assert.equal(open.findIn('answer', JSON.stringify(data)).length, 1);
    assert.equal(open.findIn('answer', Buffer.from(`user:${name}`).toString('base64')).length, 1);
    assert.equal(open.findIn('answer', Buffer.from(`{${name}`).toString('hex')).length, 1);
  });

  it('are in no log, metric, command line, notice, audit entry, backup or file of the database', async () => {
    const { server, canaries } = world;
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    const health = await (await fetch(`${server.url}/healthz`)).text();
    await server.stop();
    const settings = { PATH: process.env['PATH'], SLUICE_DATA_DIR: server.dataDir, SLUICE_LOG_LEVEL: 'error' };
    const backup = join(folder, 'backup.gz');
    await run(process.execPath, [sluice, 'backup', backup], { env: settings });
    const audit = await run(process.execPath, [sluice, 'audit', 'export'], { env: settings, maxBuffer: 2 ** 28 });
    const found = [
      ...canaries.findIn('metrics', metrics),
      ...canaries.findIn('health', health),
      ...canaries.findIn('log', server.output()),
      ...canaries.findIn('notices', told.join('\n')),
      ...canaries.findIn('audit', audit.stdout),
    ];
    const ownFiles = ['keys.json', 'admin-key.json'].map((name) => join(server.dataDir, name));
    const below = canaries.findBelow(server.dataDir, since, ownFiles);
    const packed = canaries.findIn('backup', gunzipSync(readFileSync(backup)));
    process.stdout.write(`      ${canaries.count} secrets; ${below.bytes} bytes of files searched\n`);
    assert.deepEqual([...found, ...below.hits, ...packed], []);
    assert.ok(open.findBelow(server.dataDir, since).hits.length > 0, 'the name of a project is seen in the database');
    assert.equal(open.findIn('backup', gunzipSync(readFileSync(backup))).length, 1, 'and in the backup');
  });
});

function idOf(object: JsonObject | undefined): string {
  const id = object?.['id'];
  return typeof id === 'string' ? id : assert.fail('no id');
}

/** One project with its secrets, and all that is done to it. */
class Round {
  private readonly world: World;
  private readonly random: Random;
  private readonly project: string;
  private tail: string | undefined;

  constructor(world: World, random: Random, index: number) {
    this.world = world;
    this.random = random;
    this.project = `round-${index}`;
  }

  private secret(kind: string, tail?: string): string {
    return this.world.canaries.make(kind, this.random, tail);
  }

  private lie(script: Script): void {
    writeFileSync(this.world.scriptFile, JSON.stringify(script));
  }

  /** Sends a request and searches the answer, whatever it is. */
  private async ask(
    what: string,
    document: string,
    variables: JsonObject = {},
    token?: string,
  ): Promise<GraphqlAnswer> {
    const { server, canaries, hits } = this.world;
    const answer = await server.graphql(document, { p: this.project, ...variables }, token);
    const text = JSON.stringify(answer);
    this.world.masked += text.split('(sensitive)').length - 1;
    hits.push(...canaries.findIn(what, text));
    return answer;
  }

  private async must(what: string, document: string, variables: JsonObject = {}): Promise<Record<string, JsonObject>> {
    const { data, errors } = await this.ask(what, document, variables);
    assert.deepEqual(errors, [], what);
    return data as unknown as Record<string, JsonObject>;
  }

  async plant(): Promise<void> {
    const { canaries, server, webhook } = this.world;
    await this.must('project', 'mutation($p: String!) { intentProjectCreate(name: $p) { id } }');
    const add =
      'mutation($p: ID!, $c: ConfigInput!) { intentProjectConfigAdd(intentProject: $p, config: $c) { id value } }';
    const variable = (id: string, value: string, writeOnly = true) =>
      this.must('variable', add, { c: { id, value, writeOnly, type: 'ENVIRONMENT_VARIABLE' } });
    const file = (id: string, value: string) =>
      this.must('file', add, {
        c: { id, value: Buffer.from(value).toString('base64'), writeOnly: true, type: 'FILE_MOUNT' },
      });
    await variable('OWN_TOKEN', this.secret('variable', this.random.pick(lineTails)));
    await variable('OWN_URL', 'https://user:${OWN_TOKEN}@example.com', false);
    await file('token', this.secret('file of one line', ''));
    await variable('OWN_FILE', '/app/token', false);
    await file(
      'key.pem',
      `-----BEGIN KEY-----\n${this.secret('line of a file', '')}\n${this.secret('line of a file', '')}\n`,
    );
    await variable('OWN_KEY', '/app/key.pem', false);
    await file('gcp.json', JSON.stringify({ type: 'account', key: this.secret('part of a JSON file', '') }, null, 2));
    await variable('OWN_GCP', '/app/gcp.json', false);
    const config = { token: this.secret('provider configuration'), endpoint: 'https://example.com' };
    await this.must(
      'provider configuration',
      'mutation($p: ID!, $c: JSON!, $v: String!) { intentProviderConfigSet(intentProject: $p, provider: $v, config: $c) { config redacted } }',
      { c: config, v: liarAddress },
    );
    await this.must(
      'webhook',
      'mutation($p: ID!, $u: String!, $s: String!) { intentProjectWebhookSet(intentProject: $p, url: $u, secret: $s) { webhookHost } }',
      { u: `${webhook}/${this.secret('path of a webhook', '')}/refuse`, s: this.secret('webhook secret') },
    );
    const key = await server.graphql(
      'mutation { apiKeyCreate(input: { name: "key", admin: false, teams: [] }) { id secret } }',
    );
    const { id, secret } = (key.data as unknown as { apiKeyCreate: { id: string; secret: string } }).apiKeyCreate;
    canaries.watch('secret of a key', secret);
    const exchange = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }';
    const token = await server.graphql(exchange, { id, secret }, '');
    canaries.watch('token', (token.data as unknown as { apiKeyUser: { jwt: string } }).apiKeyUser.jwt.slice(-80));
    const personal = await server.graphql(
      'mutation { personalAccessTokenCreate(input: { name: "pat", scopes: ["mcp:read"] }) { token } }',
    );
    canaries.watch(
      'personal token',
      (personal.data as unknown as { personalAccessTokenCreate: { token: string } }).personalAccessTokenCreate.token,
    );
  }

  async drive(): Promise<void> {
    await this.failures();
    await this.lifeOfAResource();
    await this.changeSets();
    if (findTool('opa') !== undefined) await this.policies();
    await this.byMcp();
    this.lie({});
    const { policies } = await this.must('everything', EVERYTHING);
    assert.ok(policies !== undefined);
    await this.ask('export', 'query($p: ID!) { intentProjectExport(intentProject: $p) { hcl warnings variables } }');
    await this.ask('audit', '{ searchAuditTrailEntries(input: { first: 100 }) { edges { node { action body } } } }');
  }

  private config(more: JsonObject = {}): JsonObject {
    return {
      name: 'thing',
      secret: this.secret('sensitive attribute', this.tail),
      once: this.secret('write-only argument', this.tail),
      secrets: { one: this.secret('sensitive map', this.tail) },
      ...more,
    };
  }

  private create(id: string, config: Json = this.config()): Promise<GraphqlAnswer> {
    return this.ask(
      'create',
      `mutation($p: ID!, $id: ID!, $v: String!, $c: JSON!) { intentResourceCreate(intentProject: $p, resourceID: $id,
        provider: $v, type: "liar_thing", config: $c) { ${OPERATION} } }`,
      { id, v: liarAddress, c: config },
    );
  }

  private on(verb: string, id: string, more: { c?: Json; k?: string } = {}): Promise<GraphqlAnswer> {
    const declared = `${more.c === undefined ? '' : ', $c: JSON!'}${more.k === undefined ? '' : ', $k: String'}`;
    const given = `${more.c === undefined ? '' : ', config: $c'}${more.k === undefined ? '' : ', confirmation: $k'}`;
    return this.ask(
      verb,
      `mutation($p: ID!, $id: ID!${declared}) { ${verb}(intentProject: $p, resourceID: $id${given}) { ${OPERATION} } }`,
      { id, ...more },
    );
  }

  /** A provider that quotes all it knows, in every call, as every kind of failure. */
  private async failures(): Promise<void> {
    const calls = ['ConfigureProvider', 'ValidateResourceConfig', 'PlanResourceChange', 'ApplyResourceChange'];
    const ways = ['warning', 'error', 'call', 'panic'] as const;
    for (const [at, call] of calls.entries()) {
      for (const quote of ways.filter((_, way) => this.random.chance(0.6) || way === at)) {
        this.lie({ [call]: { quote, spelling: this.random.pick(spellings) } });
        await this.create(`failing-${call}-${quote}`.toLowerCase());
      }
    }
    this.lie({ ReadResource: { quote: this.random.pick(ways), spelling: this.random.pick(spellings) } });
    await this.on('intentResourceRefresh', 'failing-applyresourcechange-warning');
    this.lie({ ReadDataSource: { quote: this.random.pick(ways), spelling: this.random.pick(spellings) } });
    await this.ask(
      'data source',
      `query($p: ID!, $v: String!, $c: JSON!) { intentDataSourceRead(intentProject: $p, provider: $v, type: "liar_words", config: $c) { result } }`,
      { v: liarAddress, c: { query: 'x', secret: this.secret('sensitive argument') } },
    );
    this.lie({ ImportResourceState: { quote: this.random.pick(ways), spelling: this.random.pick(spellings) } });
    await this.ask(
      'import',
      `mutation($p: ID!, $v: String!) { intentResourceImport(intentProject: $p, resourceID: "imported", importID: "x",
        provider: $v, type: "liar_thing") { ${OPERATION} } }`,
      { v: liarAddress },
    );
    this.lie({ ValidateProviderConfig: { quote: 'error', spelling: this.random.pick(spellings) } });
    await this.ask(
      'provider configuration',
      'mutation($p: ID!, $c: JSON!, $v: String!) { intentProviderConfigSet(intentProject: $p, provider: $v, config: $c) { config } }',
      { c: { token: this.secret('refused provider configuration') }, v: liarAddress },
    );
    this.lie({});
  }

  private async lifeOfAResource(): Promise<void> {
    const first = this.config();
    const created = await this.create('thing', first);
    const operation = (created.data as unknown as { intentResourceCreate: JsonObject }).intentResourceCreate;
    assert.equal(operation['status'], 'FINISHED', JSON.stringify(operation));
    await this.on('intentResourceUpdate', 'thing', { c: first });
    await this.on('intentResourceUpdate', 'thing', { c: this.config({ name: 'other' }) });
    const replaced = { c: this.config({ label: 'new' }) };
    await this.confirmed('intentResourceUpdate', 'thing', replaced);
    await this.ask(
      'rollback',
      `mutation($p: ID!, $o: ID!, $w: JSON) { intentResourceOperationRollback(intentProject: $p, operationID: $o,
        writeOnly: $w) { ${OPERATION} } }`,
      { o: operation['id'] ?? '', w: { once: this.secret('write-only argument') } },
    );
    await this.on('intentResourceRefresh', 'thing');
    await this.confirmed('intentResourceDelete', 'thing', {});
    await this.create('kept');
  }

  private async confirmed(verb: string, id: string, given: { c?: Json }): Promise<void> {
    const { data } = await this.on(verb, id, given);
    const waiting = (data as unknown as Record<string, { confirmation?: { token: string } | null } | null> | null)?.[
      verb
    ];
    const k = waiting?.confirmation?.token;
    if (k !== undefined) await this.on(verb, id, { ...given, k });
  }

  private async changeSets(): Promise<void> {
    const thing = (resourceID: string, config: Json) => ({
      kind: 'CREATE',
      resourceID,
      provider: liarAddress,
      type: 'liar_thing',
      config,
    });
    const CREATE = `mutation($p: ID!, $changes: [IntentChangeInput!]!) { intentChangeSetCreate(intentProject: $p, changes: $changes) {
      id status message failure changes { operation { ${OPERATION} } } } }`;
    const APPLY = `mutation($p: ID!, $id: ID!) { intentChangeSetApply(intentProject: $p, id: $id) {
      status message failure changes { operation { ${OPERATION} } } } }`;
    await this.ask('set that shows a secret', CREATE, { changes: [thing('shown', { name: '${kept.secret_out}' })] });
    const changes = [thing('one', this.config()), thing('two', { name: 'x', secret: '${one.secret_out}' })];
    const { data } = await this.ask('set', CREATE, { changes });
    const id = (data as unknown as { intentChangeSetCreate: { id: string } } | null)?.intentChangeSetCreate.id ?? '';
    this.lie({ ApplyResourceChange: { quote: this.random.pick(['error', 'call', 'panic']), spelling: 'plain' } });
    await this.ask('apply of a set', APPLY, { id });
    this.lie({});
    await this.ask('resume of a set', APPLY.replace('Apply', 'Resume'), { id });
  }

  private async policies(): Promise<void> {
    const CREATE = `mutation($name: String!, $body: String!) { intentPolicyCreate(name: $name, body: $body) { id } }`;
    const ATTACH = `mutation($p: ID!, $id: ID!) { policyIntentProjectAttach(id: $id, intentProject: $p) { id } }`;
    for (const [name, body] of [
      ['quotes', QUOTES_ALL],
      ['open', LEAVES_OPEN],
    ] as const) {
      const { intentPolicyCreate: made } = await this.must('policy', CREATE, { name: `${name} ${this.project}`, body });
      const id = idOf(made);
      const { policyIntentProjectAttach: attached } = await this.must('attachment', ATTACH, { id });
      const judged = await this.create(`judged-${name}`);
      assert.match(JSON.stringify(judged), /POLICY_DENIED|PENDING_REVIEW/);
      await this.on('intentResourceUpdate', 'kept', { c: this.config({ name: 'judged' }) });
      const changes = [{ kind: 'UPDATE', resourceID: 'kept', config: this.config({ name: 'judged' }) }];
      await this.ask(
        'judged set',
        `mutation($p: ID!, $changes: [IntentChangeInput!]!) { intentChangeSetCreate(intentProject: $p, changes: $changes) {
          status message failure changes { operation { ${OPERATION} } } } }`,
        { changes },
      );
      const { policy } = await this.must(
        'samples',
        'query($id: ID!) { policy(id: $id) { evaluationRecords { key } } }',
        { id },
      );
      const records = policy?.['evaluationRecords'] as unknown as readonly { key: string }[];
      assert.ok(records.length > 0, 'samples were taken');
      for (const { key } of records) {
        await this.must(
          'sample',
          'query($id: ID!, $key: String!) { policy(id: $id) { evaluationSample(key: $key) { input result } } }',
          { id, key },
        );
      }
      await this.must('detachment', 'mutation($id: ID!) { policyIntentProjectDetach(id: $id) { id } }', {
        id: idOf(attached),
      });
    }
  }

  private async byMcp(): Promise<void> {
    const { server, canaries, hits } = this.world;
    const headers = { authorization: `Bearer ${await server.adminToken()}` };
    const connect = this.random.pick([connectLegacy, connectModern]);
    const fine = await connect({ url: `${server.url}/intent/mcp`, headers });
    const main = await connect({ url: `${server.url}/mcp`, headers });
    const call = async (session: McpSession, name: string, given: JsonObject): Promise<void> => {
      const reply = await session.call(name, given);
      hits.push(...canaries.findIn(`tool ${name}`, JSON.stringify(reply)));
    };
    const named = { resource_id: 'by-mcp', provider: liarAddress, resource_type: 'liar_thing' };
    await call(fine, 'project-use', { id: this.project });
    this.lie({ ApplyResourceChange: { quote: 'error', spelling: this.random.pick(spellings) } });
    await call(fine, 'lifecycle-resources-create', { ...named, config: this.config() });
    this.lie({});
    await call(fine, 'lifecycle-resources-create', { ...named, resource_id: 'by-mcp-2', config: this.config() });
    await call(fine, 'lifecycle-resources-create', { ...named, config: { no_such: this.secret('misplaced') } });
    await call(fine, 'state-get', { resource_id: 'by-mcp' });
    await call(fine, 'project-config-list', {});
    await call(fine, 'project-export', {});
    await call(fine, 'project-log', {});
    await call(fine, 'project-config-add', { id: 'OWN_MORE', value: this.secret('variable'), write_only: true });
    await call(fine, 'project-unlock', {});
    await call(main, 'intent', { kind: 'read', project: this.project, id: 'kept' });
    const document = `mutation { intentResourceUpdate(intentProject: "${this.project}", resourceID: "kept",
      config: { name: "mcp", secret: ${JSON.stringify(this.secret('literal', ''))} }) { ${OPERATION} } }`;
    await call(main, 'mutate', { document });
    await fine.close();
    await main.close();
  }
}

/** Secrets in requests that are refused: the caller knows them, but answers are kept in logs and conversations. */
async function wrongRequests({ server, canaries, hits }: World, random: Random): Promise<void> {
  const see = (what: string, text: string): void => void hits.push(...canaries.findIn(what, text));
  const secret = (kind: string): string => canaries.make(kind, random, '');
  const ask = async (what: string, document: string, variables: JsonObject, token?: string) =>
    see(what, JSON.stringify(await server.graphql(document, variables, token)));
  const add = 'mutation($c: ConfigInput!) { intentProjectConfigAdd(intentProject: "round-0", config: $c) { id } }';
  await ask('wrong type', add, { c: { id: 'A', value: { hidden: secret('wrong type') }, writeOnly: true, type: 'X' } });
  await ask('wrong list', add, { c: { id: 'A', value: [secret('wrong type')], writeOnly: true, type: 'FILE_MOUNT' } });
  await ask('unknown field', add, {
    c: { id: 'A', value: secret('beside'), writeOnly: true, secret: secret('beside') },
  });
  await ask('no file', add, { c: { id: 'A', value: secret('no base64'), writeOnly: true, type: 'FILE_MOUNT' } });
  await ask('reserved', add, {
    c: { id: 'LD_PRELOAD', value: secret('reserved'), writeOnly: true, type: 'ENVIRONMENT_VARIABLE' },
  });
  const literal = (value: string) =>
    `mutation { intentProjectConfigAdd(intentProject: "round-0", config: ${value}) { id } }`;
  await ask('literal', literal(`{ id: 1.5, value: "${secret('literal')}", type: ENVIRONMENT_VARIABLE }`), {});
  await ask(
    'literal list',
    literal(`{ id: "A", value: ["${secret('literal')}"], type: ENVIRONMENT_VARIABLE, writeOnly: true }`),
    {},
  );
  await ask('syntax', literal(`{ id: "A", value: "${secret('syntax')}`), {});
  const create = `mutation($c: JSON!) { intentResourceCreate(intentProject: "round-0", resourceID: "x",
    provider: "${liarAddress}", type: "liar_thing", config: $c) { id } }`;
  await ask('wrong shape', create, { c: { secret: { a: secret('wrong shape') }, secrets: secret('wrong shape') } });
  await ask('wrong config', create, { c: secret('wrong config') });
  const exchange = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }';
  await ask('wrong key', exchange, { id: 'admin', secret: secret('wrong key') }, '');
  await ask('github', 'mutation($t: String!) { oauthUser(token: $t) { jwt } }', { t: secret('github token') }, '');
  await ask('bearer', '{ viewer { id } }', {}, secret('bearer token'));
  const raw = async (what: string, path: string, init: RequestInit): Promise<void> => {
    const answer = await fetch(`${server.url}${path}`, { redirect: 'manual', ...init });
    see(what, JSON.stringify([...answer.headers]) + (await answer.text()));
  };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const headers = {
    authorization: `Basic ${Buffer.from(`a:${secret('basic')}`).toString('base64')}`,
    cookie: `s=${secret('cookie')}`,
  };
  await raw('headers', '/graphql?query={viewer{id}}', { headers });
  await raw('query string', `/graphql?access_token=${secret('query string')}`, {});
  await raw('path', `/invitation/${secret('invitation')}`, {});
  await raw('token endpoint', '/oauth/token', {
    method: 'POST',
    headers: form,
    body: `grant_type=refresh_token&refresh_token=${secret('refresh token')}&client_id=x&client_secret=${secret('client secret')}`,
  });
  await raw('sign-in', '/sign-in', {
    method: 'POST',
    headers: form,
    body: `username=a&password=${secret('password')}&csrf=x`,
  });
  await raw('body', '/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: `{"query": "${secret('bad JSON')}`,
  });
  await raw('mcp', '/mcp', { method: 'POST', headers: { authorization: `Bearer ${secret('MCP token')}` }, body: '{}' });
}
