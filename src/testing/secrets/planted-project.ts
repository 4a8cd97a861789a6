import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';

import type { Json, JsonObject } from '../../shared/json.ts';
import type { Random } from '../campaign.ts';
import { liarAddress } from '../liar/lay-liar.ts';
import { type Script, spellings } from '../liar/script.ts';
import { connectLegacy, connectModern, type McpSession } from '../mcp-clients.ts';
import type { GraphqlAnswer } from '../server.ts';
import { read } from '../shared-server.ts';
import { findTool } from '../tools.ts';
import type { SecretWorld } from './secret-world.ts';

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

function idOf(object: JsonObject | undefined): string {
  const id = object?.['id'];
  return typeof id === 'string' ? id : assert.fail('no id');
}

/** One project with its secrets, and all that is done to it. */
export class PlantedProject {
  private readonly world: SecretWorld;
  private readonly random: Random;
  private readonly project: string;
  private tail: string | undefined;

  constructor(world: SecretWorld, random: Random, project: string) {
    this.world = world;
    this.random = random;
    this.project = project;
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
    const answer = await this.ask(what, document, variables);
    assert.deepEqual(answer.errors, [], what);
    return read<Record<string, JsonObject>>(answer);
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
    const { id, secret } = read<{ apiKeyCreate: { id: string; secret: string } }>(key).apiKeyCreate;
    canaries.watch('secret of a key', secret);
    const exchange = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }';
    const token = await server.graphql(exchange, { id, secret }, '');
    canaries.watch('token', read<{ apiKeyUser: { jwt: string } }>(token).apiKeyUser.jwt.slice(-80));
    const personal = await server.graphql(
      'mutation { personalAccessTokenCreate(input: { name: "pat", scopes: ["mcp:read"] }) { token } }',
    );
    canaries.watch(
      'personal token',
      read<{ personalAccessTokenCreate: { token: string } }>(personal).personalAccessTokenCreate.token,
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
    const ways = ['warning', 'error', 'call', 'panic', 'chatter'] as const;
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
    const operation = read<{ intentResourceCreate: JsonObject }>(created).intentResourceCreate;
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
    const asked = await this.on(verb, id, given);
    if (asked.errors.length > 0) return;
    const waiting = read<Record<string, { confirmation?: { token: string } | null }>>(asked)[verb];
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
    const made = read<{ intentChangeSetCreate: { id: string } }>(await this.ask('set', CREATE, { changes }));
    const { id } = made.intentChangeSetCreate;
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
      const samples = 'query($id: ID!) { policy(id: $id) { evaluationRecords { key } } }';
      const { policy } = read<{ policy: { evaluationRecords: { key: string }[] } }>(
        await this.ask('samples', samples, { id }),
      );
      const records = policy.evaluationRecords;
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
