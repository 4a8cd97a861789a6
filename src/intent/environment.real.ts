import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../shared/json.ts';
import { buildGoProvider, fixtureAddress, fixtureVersion, layMirror } from '../testing/go-provider.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

const READ = `query($project: ID!, $config: JSON!) {
  intentDataSourceRead(intentProject: $project, provider: "${fixtureAddress}", type: "fixture_environment", config: $config) { result } }`;
const change = (verb: string) =>
  `mutation($project: ID!, $config: ConfigInput!) { intentProjectConfig${verb}(intentProject: $project, config: $config) { id } }`;

// What each provider gets to shake hands, whoever started it.
const HANDSHAKE = [
  'PLUGIN_CLIENT_CERT',
  'PLUGIN_PROTOCOL_VERSIONS',
  'PLUGIN_UNIX_SOCKET_DIR',
  'TF_LOG_SDK',
  'TF_PLUGIN_MAGIC_COOKIE',
];

interface Seen {
  readonly variables: Readonly<Record<string, string>>;
  readonly content: string | null;
  readonly mode: string | null;
}

describe('the environment that a real provider gets', function () {
  let folder: string;
  let server: TestServer;
  let project: string;
  before(requireTool('go'));
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-environment-'));
    const fixture = { address: fixtureAddress, version: fixtureVersion, binary: await buildGoProvider() };
    const mirror = await layMirror(join(folder, 'mirror'), [fixture]);
    const settings = {
      SLUICE_PROVIDER_MIRROR: mirror,
      SLUICE_PROVIDER_ALLOW: fixtureAddress,
      SLUICE_PROVIDER_IDLE_MS: '500',
      SLUICE_PROVIDER_FOLDERS: folder,
    };
    server = await startTestServer({ settings });
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const made = await server.graphql('mutation { intentProjectCreate(name: "Environment") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  });

  const set = async (id: string, value: string, more: JsonObject = {}, verb = 'Add') => {
    const config = { id, value, type: 'ENVIRONMENT_VARIABLE', writeOnly: false, ...more };
    read(await server.graphql(change(verb), { project, config }));
  };
  const ask = (config: JsonObject = {}) => server.graphql(READ, { project, config });
  const seen = async (config: JsonObject = {}): Promise<Seen> =>
    read<{ intentDataSourceRead: { result: Seen } }>(await ask(config)).intentDataSourceRead.result;
  const own = ({ variables }: Seen) => Object.entries(variables).filter(([name]) => !HANDSHAKE.includes(name));

  it('is what its project has, and nothing else', async () => {
    assert.deepEqual(own(await seen()), []);
    await set('REGION', 'eu-1');
    await set('TOKEN', 'secret-token', { writeOnly: true });
    await set('URL', 'https://${TOKEN}@${REGION}');
    await set('ARM_CLIENT_ID', 'app');
    await set('ARM_CLIENT_SECRET', 'azure-secret', { writeOnly: true });
    await set('GOOGLE_PROJECT', 'shop');
    assert.deepEqual(Object.fromEntries(own(await seen())), {
      ARM_CLIENT_ID: 'app',
      ARM_CLIENT_SECRET: 'azure-secret',
      GOOGLE_PROJECT: 'shop',
      REGION: 'eu-1',
      TOKEN: 'secret-token',
      URL: 'https://secret-token@eu-1',
    });
  });

  it('is another one from the next operation on', async () => {
    await set('REGION', 'eu-1');
    assert.deepEqual(own(await seen()), [['REGION', 'eu-1']]);
    await set('REGION', 'eu-2', {}, 'Update');
    assert.deepEqual(own(await seen()), [['REGION', 'eu-2']]);
  });

  it('has files that only its user may read, where it looks for them, and no longer than it lives', async () => {
    const value = Buffer.from('{"key":1}').toString('base64');
    await set('gcp.json', value, { type: 'FILE_MOUNT', writeOnly: true });
    await set('GOOGLE_APPLICATION_CREDENTIALS', '/app/gcp.json');
    const { content, mode, variables } = await seen({ file: 'GOOGLE_APPLICATION_CREDENTIALS' });
    assert.deepEqual([content, mode], ['{"key":1}', '-rw-------']);
    const path = variables['GOOGLE_APPLICATION_CREDENTIALS'] ?? '';
    assert.match(path, /\/app\/gcp\.json$/);
    await until(() => !existsSync(path), { what: 'the file is taken away' });
  });

  it('has a token that says which project asks, also where credentials in JSON name it', async () => {
    await set('cloud.token', 'sts.amazonaws.com', { type: 'IDENTITY_TOKEN' });
    const credentials = JSON.stringify({ credential_source: { file: '/app/cloud.token' } });
    await set('gcp.json', Buffer.from(credentials).toString('base64'), { type: 'FILE_MOUNT' });
    await set('AWS_WEB_IDENTITY_TOKEN_FILE', '/app/cloud.token');
    await set('GOOGLE_APPLICATION_CREDENTIALS', '/app/gcp.json');
    const { content, mode, variables } = await seen({ file: 'AWS_WEB_IDENTITY_TOKEN_FILE' });
    const [, claims = ''] = (content ?? '').split('.');
    const { aud, sub } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: string; sub: string };
    assert.deepEqual([mode, aud], ['-rw-------', 'sts.amazonaws.com']);
    assert.equal(sub, `space:root:intent_project:${project}:scope:read`);
    assert.match(variables['AWS_WEB_IDENTITY_TOKEN_FILE'] ?? '', /\/.+\/app\/cloud\.token$/);
    const named = (await seen({ file: 'GOOGLE_APPLICATION_CREDENTIALS' })).content ?? '';
    assert.match(named, /^\{"credential_source":\{"file":"\/.+\/app\/cloud\.token"\}\}$/);
  });

  it('goes with a configuration for each alias, whose secrets are shown to nobody', async () => {
    const SET = `mutation($project: ID!, $alias: String, $config: JSON!) { intentProviderConfigSet(
      intentProject: $project, provider: "${fixtureAddress}", alias: $alias, config: $config) { config redacted } }`;
    const CREATE = `mutation($project: ID!, $id: ID!, $alias: String) { intentResourceCreate(intentProject: $project,
      resourceID: $id, provider: "${fixtureAddress}", type: "fixture_object", providerAlias: $alias, config: { name: "x" }) { status } }`;
    const create = (id: string, alias: string | null) => server.graphql(CREATE, { project, id, alias });
    assert.match(refusal(await create('none', null)).message, /set directory in the provider configuration/);
    for (const alias of [null, 'second']) {
      const directory = mkdtempSync(join(folder, 'cloud-'));
      const config = { directory, token: 'secret-token' };
      assert.deepEqual(read(await server.graphql(SET, { project, alias, config })), {
        intentProviderConfigSet: { config: { directory, token: null }, redacted: ['token'] },
      });
      read(await create(`in ${alias}`.replaceAll(' ', '-'), alias));
      assert.equal(readdirSync(directory).filter((name) => name.endsWith('.json')).length, 1);
    }
  });

  it('is not quoted where it is secret', async () => {
    await set('TOKEN', 'secret-token', { writeOnly: true });
    const { message } = refusal(await ask({ complaint: 'TOKEN' }));
    assert.match(message, /cannot use \(sensitive\)/);
    assert.doesNotMatch(message, /secret-token/);
    assert.doesNotMatch(server.output(), /secret-token/);
  });
});
