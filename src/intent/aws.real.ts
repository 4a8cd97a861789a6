import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../shared/json.ts';
import { buildAwsProvider } from '../testing/go-provider.ts';
import { connectModern } from '../testing/mcp-clients.ts';
import { type Moto, startMoto } from '../testing/moto.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const POLICY = `package spacelift
import rego.v1
deny contains sprintf("%s may not be made here", [input.resource.resource_type]) if input.resource.resource_type == "aws_instance"
deny contains "values are changed elsewhere" if {
  input.resource.resource_type == "aws_ssm_parameter"
  input.resource.operation == "update"
}
allow contains "fine" if input.resource.resource_type != "aws_instance"
`;

// A project with a role of AWS: a stand-in for the provider, and one for AWS itself, which hands out sessions.
describe('a project with an AWS role', () => {
  let folder: string;
  let moto: Moto;
  let server: TestServer;
  let integration: string;

  before(requireTool('go'));
  before(requireTool('python3'));
  before(requireTool('opa'));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-aws-'));
    moto = await startMoto();
    server = await startTestServer({
      dataDir: folder,
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `hashicorp/aws=${await buildAwsProvider()}`,
        SLUICE_PROVIDER_ALLOW: 'hashicorp/aws',
        SLUICE_AWS_ACCESS_KEY_ID: 'AKIASERVER',
        SLUICE_AWS_SECRET_ACCESS_KEY: 'server-secret',
        SLUICE_AWS_STS_URL: moto.url,
        SLUICE_OUTBOUND_ALLOW: new URL(moto.url).host,
      },
    });
    const { awsIntegrationCreate } = read<{ awsIntegrationCreate: { id: string } }>(
      await server.graphql(`mutation { awsIntegrationCreate(name: "main", generateCredentialsInWorker: false,
        roleArn: "arn:aws:iam::123456789012:role/sluice", tagAssumeRole: true) { id } }`),
    );
    integration = awsIntegrationCreate.id;
    await server.graphql('mutation { intentProjectCreate(name: "Cloud") { id } }');
    await server.graphql(`mutation { intentProjectConfigAdd(intentProject: "cloud", config: { id: "AWS_ENDPOINT_URL",
      type: ENVIRONMENT_VARIABLE, value: "${moto.url}", writeOnly: false }) { id } }`);
  });
  after(async () => {
    await server?.stop();
    await moto?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const attach = (uses: string): ReturnType<TestServer['graphql']> =>
    server.graphql(`mutation { awsIntegrationIntentProjectAttach(intentProject: "cloud", integration: "${integration}",
      ${uses}, awsRegion: "eu-west-1") { read write awsRegion integrationName readExternalId } }`);
  const detach = (): ReturnType<TestServer['graphql']> =>
    server.graphql(
      `mutation { awsIntegrationIntentProjectDetach(intentProject: "cloud", integration: "${integration}") { id } }`,
    );
  const create = (resourceID: string, type: string, config: JsonObject): ReturnType<TestServer['graphql']> =>
    server.graphql(
      `mutation($id: ID!, $type: String!, $config: JSON!) { intentResourceCreate(intentProject: "cloud", resourceID: $id,
        provider: "hashicorp/aws", type: $type, config: $config) { status state failure } }`,
      { id: resourceID, type, config },
    );
  const buckets = (): Promise<string> => moto.call('s3', 'GET', '/');

  it('has no way in before one is attached, and says so', async () => {
    const { message } = refusal(await create('early', 'aws_s3_bucket', { bucket: 'early' }));
    assert.match(message, /AWS_ACCESS_KEY_ID is not set/);
  });

  it('is told which use is missing', async () => {
    read(await attach('read: true, write: false'));
    const { message } = refusal(await create('half', 'aws_s3_bucket', { bucket: 'half' }));
    assert.match(message, /^AWS integration "main" is attached to project cloud, but not for changing: .* write: true/);
    assert.doesNotMatch(await buckets(), /half/);
    assert.match(refusal(await attach('read: true, write: true')).message, /attached to project cloud already/);
    read(await detach());
    assert.match(refusal(await attach('read: false, write: false')).message, /^read: must be true, or write/);
  });

  it('makes, changes and reads what policy allows, in its region, with credentials of the role', async () => {
    const { awsIntegrationIntentProjectAttach: attached } = read<{ awsIntegrationIntentProjectAttach: JsonObject }>(
      await attach('read: true, write: true'),
    );
    assert.deepEqual(attached, {
      read: true,
      write: true,
      awsRegion: 'eu-west-1',
      integrationName: 'main',
      readExternalId: `local@${integration}@cloud@read`,
    });
    read(
      await server.graphql(`mutation($body: String!) { intentPolicyCreate(name: "no machines", body: $body) { id } }`, {
        body: POLICY,
      }),
    );
    const { policies } = read<{ policies: { id: string; name: string }[] }>(
      await server.graphql('{ policies { id name } }'),
    );
    const id = policies.find(({ name }) => name === 'no machines')?.id ?? '';
    read(await server.graphql(`mutation { policyIntentProjectAttach(id: "${id}", intentProject: "cloud") { id } }`));

    read(await create('logs', 'aws_s3_bucket', { bucket: 'sluice-logs', tags: { Owner: 'platform-team' } }));
    assert.match(await buckets(), /<Name>sluice-logs<\/Name>/);
    assert.match(await moto.call('s3', 'GET', '/sluice-logs?location'), /eu-west-1/);
    const tags = { Environment: 'dev', Owner: 'platform-team' };
    read(
      await server.graphql(
        'mutation($config: JSON!) { intentResourceUpdate(intentProject: "cloud", resourceID: "logs", config: $config) { status } }',
        { config: { bucket: 'sluice-logs', tags } },
      ),
    );
    assert.match(await moto.call('s3', 'GET', '/sluice-logs?tagging'), /<Key>Environment<\/Key><Value>dev<\/Value>/);
  });

  it('is denied what policy denies, before AWS is asked', async () => {
    const denied = refusal(await create('box', 'aws_instance', { ami: 'ami-12c6146b', instance_type: 't3.micro' }));
    assert.deepEqual([denied.code, /aws_instance may not be made here/.test(denied.message)], ['POLICY_DENIED', true]);
    const machines = await moto.call(
      'ec2',
      'POST',
      '/',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Action=DescribeInstances&Version=2016-11-15',
    );
    assert.match(machines, /<reservationSet\s*\/>|<reservationSet>\s*<\/reservationSet>/);
  });

  it('takes over what a person chooses of what exists, in one change set, and shows no secret of it', async () => {
    const target = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.PutParameter' };
    for (const name of ['one', 'two', 'three', 'four', 'five']) {
      const parameter = { Name: `/app/${name}`, Type: 'SecureString', Value: `canary-${name}` };
      await moto.call('ssm', 'POST', '/', target, JSON.stringify(parameter));
    }
    const headers = { authorization: `Bearer ${await server.adminToken()}` };
    const session = await connectModern({ url: `${server.url}/mcp`, headers });
    const answers: string[] = [];
    const ok = async (given: JsonObject): Promise<JsonObject> => {
      const reply = await session.call('intent', { project: 'cloud', ...given });
      assert.equal(reply.isError, false, reply.texts.join('\n'));
      answers.push(JSON.stringify(reply));
      return reply.structured;
    };
    const provider = 'hashicorp/aws';
    const there = await ok({ kind: 'data', provider, type: 'aws_ssm_parameters_by_path', config: { path: '/app' } });
    const { names } = there['result'] as { names: string[] };
    assert.deepEqual(names.toSorted(), ['/app/five', '/app/four', '/app/one', '/app/three', '/app/two']);
    assert.deepEqual(there['redacted'], ['values']);
    const changes = names
      .filter((name) => name.endsWith('o') || name.endsWith('one')) // what the person says
      .map((name) => ({
        kind: 'import',
        resource_id: name.slice('/app/'.length),
        provider,
        type: 'aws_ssm_parameter',
        import_id: name,
      }));
    const { changeSet: id = null } = await ok({ kind: 'plan', changes });
    assert.equal((await ok({ kind: 'apply', id }))['status'], 'FINISHED');
    assert.match(JSON.stringify(await ok({ kind: 'history' })), /"kind":"IMPORT","status":"FINISHED"/);
    await session.close();

    const { intentResources } = read<{ intentResources: { resources: JsonObject[] } }>(
      await server.graphql('{ intentResources(intentProject: "cloud") { resources { resourceID state } } }'),
    );
    const managed = intentResources.resources.map(({ resourceID }) => resourceID);
    assert.deepEqual(new Set(managed), new Set(['logs', 'one', 'two']));
    assert.doesNotMatch(JSON.stringify([answers, intentResources]), /canary/);
  });

  it('keeps what was imported under the same policies', async () => {
    const denied = await server.graphql(
      'mutation($config: JSON!) { intentResourceUpdate(intentProject: "cloud", resourceID: "one", config: $config) { status } }',
      { config: { name: '/app/one', type: 'SecureString', value: 'canary-new' } },
    );
    const { code, message } = refusal(denied);
    assert.equal(code, 'POLICY_DENIED');
    assert.match(message, /values are changed elsewhere/);
    assert.doesNotMatch(message, /canary/);
  });

  it('keeps an integration that is in use, and its place', async () => {
    const { message } = refusal(await server.graphql(`mutation { awsIntegrationDelete(id: "${integration}") { id } }`));
    assert.match(message, /is attached to cloud; detach it first/);
    read(await detach());
    assert.match(refusal(await create('late', 'aws_s3_bucket', { bucket: 'late' })).message, /AWS_ACCESS_KEY_ID/);
    read(await server.graphql(`mutation { awsIntegrationDelete(id: "${integration}") { id } }`));
    assert.doesNotMatch(server.output(), /server-secret/);
  });
});
