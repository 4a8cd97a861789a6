import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';
import { type AwsFront, startAwsFront } from '../testing/aws-front.ts';
import { buildAwsProvider } from '../testing/go-provider.ts';
import { mcpClients, type McpSession, type ToolReply } from '../testing/mcp-clients.ts';
import { type Moto, startMoto } from '../testing/moto.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const provider = 'hashicorp/aws';
const ROLES = ['reader', 'writer', 'closed'] as const;
type Role = (typeof ROLES)[number];

const POLICY = `package spacelift
import rego.v1
deny contains "machines are made elsewhere" if input.resource.resource_type == "aws_instance"
deny contains "parameters must be secret" if {
  input.resource.resource_type == "aws_ssm_parameter"
  input.resource.operation == "update"
  input.resource.proposed_state.type != "SecureString"
}
allow contains "fine" if input.resource.resource_type != "aws_instance"
`;

/** What an assistant says, in the words of one of the two endpoints. */
interface Words {
  readonly path: '/mcp' | '/intent/mcp';
  use(project: string): Call;
  attach(project: string, id: string, region: string, uses: { read: boolean; write: boolean }): Call;
  detach(project: string, id: string): Call;
  create(id: string, type: string, config: JsonObject): Call;
  update(id: string, config: JsonObject): Call;
  remove(id: string): Call;
  look(type: string, config: JsonObject): Call;
  take(id: string, type: string, object: string): Call;
  refresh(id: string): Call;
  readonly list: Call & { readonly at: string };
  readonly history: Call & { readonly at: string };
  readonly projects: Call;
  readonly unlock: Call;
  details(project: string): Call;
}

interface Call {
  readonly tool: string;
  readonly given: JsonObject;
}

const fine = (tool: string, given: JsonObject = {}): Call => ({ tool, given });
const umbrella = (kind: string, given: JsonObject = {}): Call => ({ tool: 'intent', given: { kind, ...given } });
const mutate = (field: string): Call => ({ tool: 'mutate', given: { document: `mutation { ${field} { id } }` } });
const typed = { provider, provider_version: 'latest' };

const fineWords: Words = {
  path: '/intent/mcp',
  use: (id) => fine('project-use', { id }),
  attach: (project, integration_id, aws_region, uses) =>
    fine('project-cloud-attach', { project, integration_id, aws_region, ...uses }),
  detach: (project, integration_id) => fine('project-cloud-detach', { project, integration_id }),
  create: (resource_id, resource_type, config) =>
    fine('lifecycle-resources-create', { ...typed, resource_id, resource_type, config }),
  update: (resource_id, config) => fine('lifecycle-resources-update', { resource_id, config }),
  remove: (resource_id) => fine('lifecycle-resources-delete', { resource_id }),
  look: (data_source_type, config) => fine('lifecycle-datasources-read', { ...typed, data_source_type, config }),
  take: (destination_id, resource_type, import_id) =>
    fine('lifecycle-resources-import', { ...typed, destination_id, resource_type, import_id }),
  refresh: (resource_id) => fine('lifecycle-resources-refresh', { resource_id }),
  list: { ...fine('state-list'), at: 'states' },
  history: { ...fine('lifecycle-resources-operations'), at: 'operations' },
  projects: fine('project-list'),
  unlock: fine('project-unlock'),
  details: (id) => fine('project-describe', { id }),
};

const umbrellaWords: Words = {
  path: '/mcp',
  use: (project) => umbrella('use', { project }),
  attach: (project, id, region, { read, write }) =>
    mutate(
      `awsIntegrationIntentProjectAttach(intentProject: "${project}", integration: "${id}", read: ${read}, write: ${write}, awsRegion: "${region}")`,
    ),
  detach: (project, id) =>
    mutate(`awsIntegrationIntentProjectDetach(intentProject: "${project}", integration: "${id}")`),
  create: (id, type, config) => umbrella('create', { id, provider, type, config }),
  update: (id, config) => umbrella('update', { id, config }),
  remove: (id) => umbrella('delete', { id }),
  look: (type, config) => umbrella('data', { provider, type, config }),
  take: (id, type, object) => umbrella('import', { id, provider, type, object }),
  refresh: (id) => umbrella('refresh', { id }),
  list: { ...umbrella('list'), at: 'resources' },
  history: { ...umbrella('history'), at: 'operations' },
  projects: umbrella('projects'),
  unlock: umbrella('unlock'),
  details: (id) => {
    const document = `{ intentProject(id: "${id}") { awsIntegrations { integrationName roleArn awsRegion durationSeconds read write } } }`;
    return { tool: 'query', given: { document } };
  },
};

// A stand-in for AWS that knows by which role each call came in, and one for the provider.
describe('a project in a cloud account, by the tools of an assistant', function (this: Mocha.Suite) {
  let folder: string;
  let moto: Moto;
  let aws: AwsFront;
  let server: TestServer;
  let policy: string;
  const roles = new Map<Role, string>();

  before(requireTool('go'));
  before(requireTool('python3'));
  before(requireTool('opa'));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-cloud-'));
    moto = await startMoto();
    aws = await startAwsFront(moto.url);
    aws.refused.add('closed');
    server = await startTestServer({
      dataDir: folder,
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `${provider}=${await buildAwsProvider()}`,
        SLUICE_PROVIDER_ALLOW: provider,
        SLUICE_AWS_ACCESS_KEY_ID: 'AKIASERVER',
        SLUICE_AWS_SECRET_ACCESS_KEY: 'server-secret',
        SLUICE_AWS_STS_URL: aws.url,
        SLUICE_OUTBOUND_ALLOW: new URL(aws.url).host,
      },
    });
    // What is an administrator's to do.
    for (const role of ROLES) {
      const make = `mutation { made: awsIntegrationCreate(name: "${role}", generateCredentialsInWorker: false,
        roleArn: "arn:aws:iam::123456789012:role/${role}") { id } }`;
      roles.set(role, await madeBy(make));
    }
    policy = await madeBy('mutation($body: String!) { made: intentPolicyCreate(name: "cloud", body: $body) { id } }', {
      body: POLICY,
    });
  });
  after(async () => {
    await server?.stop();
    await aws?.stop();
    await moto?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const madeBy = async (document: string, variables: JsonObject = {}): Promise<string> =>
    read<{ made: { id: string } }>(await server.graphql(document, variables)).made.id;
  const ssm = (action: string, input: JsonObject): Promise<string> => {
    const target = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${action}` };
    return moto.call('ssm', 'POST', '/', target, JSON.stringify(input));
  };
  const machines = (): Promise<string> => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    return moto.call('ec2', 'POST', '/', form, 'Action=DescribeInstances&Version=2016-11-15');
  };

  for (const { era, connect } of mcpClients) {
    const words = era === '2025' ? fineWords : umbrellaWords;
    describe(`at ${words.path}, for ${era} clients`, () => {
      const project = `cloud-${era}`;
      const bucket = `logs-${era}`;
      const path = `/app-${era}`;
      let session: McpSession;

      before(async () => {
        const headers = { authorization: `Bearer ${await server.adminToken()}` };
        session = await connect({ url: server.url + words.path, headers });
        await madeBy(`mutation { made: intentProjectCreate(name: "${project}") { id } }`);
        await madeBy(`mutation { made: intentProjectConfigAdd(intentProject: "${project}", config: { id: "AWS_ENDPOINT_URL",
          type: ENVIRONMENT_VARIABLE, value: "${aws.url}", writeOnly: false }) { id } }`);
        for (const name of ['one', 'two', 'three', 'four', 'five']) {
          await ssm('PutParameter', { Name: `${path}/${name}`, Type: 'SecureString', Value: `canary-${name}` });
        }
        await ok(words.use(project));
      });
      after(() => session?.close());

      const attach = (role: Role, uses: { read?: true; write?: true }, region = 'eu-west-1'): Call =>
        words.attach(project, roles.get(role) ?? '', region, { read: false, write: false, ...uses });
      const detach = (role: Role): Promise<JsonObject> => confirmed(words.detach(project, roles.get(role) ?? ''));
      const importing = (name: string): Call => words.take(name, 'aws_ssm_parameter', `${path}/${name}`);
      /** One endpoint answers with rows, the other with edges. */
      const rows = async ({ at, ...call }: Words['list']): Promise<JsonObject[]> =>
        listOf((await ok(call))[at]).map((row) => (isJsonObject(row['node']) ? row['node'] : row));
      const managed = async () => new Set((await rows(words.list)).map((row) => row['resource_id'] ?? row['id']));
      /** What was done to a resource, newest first, each with who and when. */
      const history = async (id: string) => {
        const all = await rows(words.history);
        const own = all.filter((row) => (row['resource_id'] ?? row['id']) === id);
        for (const row of own) {
          assert.equal(row['user'], 'admin');
          assert.ok(Number(row['created_at'] ?? row['createdAt']) > 1_700_000_000);
        }
        return own.map((row) => [
          row['kind'] ?? row['operation'],
          row['state'] ?? row['status'],
          row['failure'] ?? null,
        ]);
      };

      const said: string[] = [];
      async function say({ tool, given }: Call, more: JsonObject = {}): Promise<ToolReply> {
        const reply = await session.call(tool, { ...given, ...more });
        said.push(JSON.stringify(reply));
        return reply;
      }
      async function ok(call: Call, more: JsonObject = {}): Promise<JsonObject> {
        const reply = await say(call, more);
        assert.equal(reply.isError, false, reply.texts.join('\n'));
        return reply.structured;
      }
      async function refused(call: Call, message: RegExp): Promise<string> {
        const reply = await say(call);
        assert.equal(reply.isError, true, `${call.tool} was not refused`);
        assert.match(reply.texts[0] ?? '', message);
        return reply.texts[0] ?? '';
      }
      /** Calls twice: what destroys or takes away asks first. */
      async function confirmed(call: Call): Promise<JsonObject> {
        return ok(call, { confirmation: tokenIn((await say(call)).texts.join('\n')) });
      }

      it('says what is missing, each in words of its own', async () => {
        const create = words.create('early', 'aws_s3_bucket', { bucket: `early-${era}` });
        const heard = [
          await refused(
            create,
            words.path === '/mcp' ? /awsIntegrationIntentProjectAttach\(/ : /project-cloud-attach\(/,
          ),
          await refused(
            attach('closed', { read: true }),
            /role\/closed \(AccessDenied\): .* trust .* external id \S+@read/,
          ),
          await refused(attach('reader', { read: true }, 'europe'), /^aws_?region: must be a region such as/i),
          await refused(attach('reader', {}), /^read: must be true, or write must be/),
        ];
        await ok(attach('reader', { read: true }));
        heard.push(await refused(create, /"reader" is attached to project \S+, but not for changing: .* write: true/));
        await detach('reader');
        await ok(attach('writer', { write: true }));
        heard.push(await refused(create, /"writer" is attached to project \S+, but not for reading: .* read: true/));
        await detach('writer');
        aws.refused.add('writer');
        await refused(attach('writer', { write: true }), /role\/writer \(AccessDenied\)/); // whatever is kept of it
        aws.refused.delete('writer');
        await ok(attach('reader', { read: true }, 'eu-central-1'));
        heard.push(await refused(importing('one'), /has no aws_ssm_parameter in region eu-central-1 with the id/));
        await detach('reader');
        assert.equal(new Set(heard).size, heard.length);
        assert.doesNotMatch(await moto.call('s3', 'GET', '/'), /early/);
      });

      it('makes, changes and reads a bucket in its region, each use by its own role', async () => {
        const [before, assumedBefore] = [aws.calls.length, aws.assumed.length];
        await ok(attach('reader', { read: true }));
        await ok(attach('writer', { write: true }));
        await ok(words.create('logs', 'aws_s3_bucket', { bucket }));
        const tags = { Environment: 'dev', Owner: 'platform-team' };
        await ok(words.update('logs', { bucket, tags }));
        await ok(words.refresh('logs'));
        assert.match(await moto.call('s3', 'GET', `/${bucket}?location`), /eu-west-1/);
        const tagged = await moto.call('s3', 'GET', `/${bucket}?tagging`);
        for (const [key, value] of Object.entries(tags))
          assert.ok(tagged.includes(`<Key>${key}</Key><Value>${value}<`));

        const calls = aws.calls.slice(before).map(({ method, role, region }) => `${method} by ${role} in ${region}`);
        const wanted = ['DELETE by writer', 'GET by reader', 'HEAD by reader', 'PUT by writer'];
        assert.deepEqual(
          [...new Set(calls)].toSorted(),
          wanted.map((each) => `${each} in eu-west-1`),
        );
        assert.deepEqual(
          aws.assumed.slice(assumedBefore).map(({ role, sessionName, seconds }) => [role, sessionName, seconds]),
          [
            ['reader', `sluice-${project}-read`, 900],
            ['writer', `sluice-${project}-write`, 900],
          ],
        );
        const details = JSON.stringify(await ok(words.details(project)));
        for (const each of [/role\/reader/, /role\/writer/, /"aws_?region":"eu-west-1"/i, /"duration_?seconds":900/i])
          assert.match(details, each);
      });

      it('is kept from machines by policy, and the history says why and who wanted one', async () => {
        await madeBy(
          `mutation { made: policyIntentProjectAttach(id: "${policy}", intentProject: "${project}") { id } }`,
        );
        const machine = words.create('box', 'aws_instance', { ami: 'ami-12c6146b', instance_type: 't3.micro' });
        await refused(machine, /machines are made elsewhere/);
        assert.doesNotMatch(await machines(), /<instanceId>/);
        const reason = 'a policy denied it:\n- machines are made elsewhere';
        assert.deepEqual(await history('box'), [['CREATE', 'DENIED', reason]]);
      });

      it('takes over what a person picks of what is there, and keeps it under the same policy', async () => {
        const there = await ok(words.look('aws_ssm_parameters_by_path', { path }));
        const { names } = there['result'] as { names: string[] };
        assert.deepEqual(
          names.toSorted(),
          ['five', 'four', 'one', 'three', 'two'].map((name) => `${path}/${name}`),
        );
        assert.deepEqual(there['redacted'], ['values']);
        for (const name of ['one', 'two']) await ok(importing(name));
        assert.deepEqual(await managed(), new Set(['logs', 'one', 'two']));

        const parameter = (name: string, type: string) => ({
          name: `${path}/${name}`,
          type,
          value: `new-canary-${name}`,
        });
        await ok(words.update('one', parameter('one', 'SecureString')));
        await refused(words.update('two', parameter('two', 'String')), /parameters must be secret/);
        const value = (name: string) => ssm('GetParameter', { Name: `${path}/${name}`, WithDecryption: true });
        assert.match(await value('one'), /"new-canary-one"/);
        assert.match(await value('two'), /"canary-two"/);

        const asked = (await say(words.remove('two'))).texts.join('\n');
        assert.match(await value('two'), /"canary-two"/, 'nothing is destroyed before the person has agreed');
        await ok(words.remove('two'), { confirmation: tokenIn(asked) });
        assert.match(await value('two'), /ParameterNotFound/);
        assert.match(await value('three'), /"canary-three"/);
        assert.deepEqual(await managed(), new Set(['logs', 'one']));
        const reason = 'a policy denied it:\n- parameters must be secret';
        assert.deepEqual(await history('two'), [
          ['DELETE', 'FINISHED', null],
          ['UPDATE', 'DENIED', reason],
          ['IMPORT', 'FINISHED', null],
        ]);
        assert.doesNotMatch(said.join('\n'), /canary/);
      });

      it('tells who works where, what there is, and lets go of the project', async () => {
        const mine = async (): Promise<JsonObject | undefined> =>
          listOf((await ok(words.projects))['projects']).find(({ id }) => id === project);
        const before = await mine();
        assert.equal(before?.[words.path === '/mcp' ? 'resourceCount' : 'resource_count'], 2);
        assert.ok(isJsonObject(before?.['lock']) && before['lock']['mine'] === true);
        await ok(words.unlock);
        assert.equal((await mine())?.['lock'] ?? null, null);
      });
    });
  }
});

const tokenIn = (text: string): string => /confirmation "([^"]+)"/.exec(text)?.[1] ?? 'none';
const listOf = (value: Json | undefined): JsonObject[] => (Array.isArray(value) ? value.filter(isJsonObject) : []);
