import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import { clientMemory, type Connected, type ClientMemory, oauthClients } from '../testing/oauth-client.ts';
import { formOf, invitationIn, password, plainPerson } from '../testing/person.ts';
import { startGithub, type TestGithub } from '../testing/github.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { aKey, read, refusal, type TestKey } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';

const [, modern] = oauthClients;

describe('login policies, from outside', function () {
  let server: TestServer;
  let bea: ReturnType<typeof plainPerson>;
  let github: TestGithub;
  let policy: string | undefined;
  let count = 0;

  before(requireTool('opa'));
  before(async () => {
    github = await startGithub();
    github.people.set('ghp_ana', { id: 7, login: 'ana', organizations: { acme: 'active' }, teams: ['acme/platform'] });
    github.people.set('ghp_bo', { id: 8, login: 'bo', organizations: { acme: 'active' }, teams: [] });
    server = await startTestServer({
      settings: {
        POLICY_REGO_TIMEOUT_LOGIN: '500',
        SLUICE_GITHUB_ORGANIZATION: 'acme',
        SLUICE_GITHUB_API_URL: github.url,
        SLUICE_OUTBOUND_ALLOW: github.host,
      },
    });
    await plainPerson('ada').accept(invitationIn(server.output()), 'ada', password);
    bea = await join('bea', 'ADMIN');
    await server.graphql(
      'mutation { spaceCreate(input: { name: "team", parentSpace: "root", inheritEntities: false, description: "" }) { id } }',
    );
  });
  afterEach(async () => {
    if (policy !== undefined)
      await server.graphql('mutation($id: ID!) { policyDelete(id: $id) { id } }', { id: policy });
    policy = undefined;
  });
  after(async () => {
    github?.stop();
    await server?.stop();
  });

  async function join(username: string, level: string) {
    const input = { username, accessRules: [{ space: 'root', spaceAccessLevel: level }] };
    const made = await server.graphql(
      'mutation($input: ManagedUserInviteInput!) { managedUserInvite(input: $input) { invitationLink } }',
      { input },
    );
    const person = plainPerson(username);
    const { invitationLink } = read<{ managedUserInvite: { invitationLink: string } }>(made).managedUserInvite;
    await person.accept(invitationLink, username, password);
    return person;
  }

  async function write(rules: string, engineType = 'REGO_V1'): Promise<string> {
    const input = { name: `login ${(count += 1)}`, type: 'LOGIN', engineType, body: `package spacelift\n\n${rules}\n` };
    const document = 'mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }';
    policy = read<{ policyCreatev2: { id: string } }>(await server.graphql(document, { input })).policyCreatev2.id;
    return policy;
  }

  async function connect(memory: ClientMemory = clientMemory('Assistant')): Promise<Connected> {
    assert.ok(modern);
    return modern.connect(`${server.url}/mcp`, memory, bea);
  }
  const ask = async (session: Connected, document: string): Promise<string> =>
    JSON.stringify(await session.call('query', { document }));

  async function signInPage(): Promise<string> {
    const visitor = plainPerson('bea');
    const page = await visitor.visit(`${server.url}/sign-in`);
    const form = formOf(page, { username: 'bea', password, next: '/account' });
    return (await visitor.visit(`${server.url}/sign-in`, form)).text;
  }

  const exchange = async ({ id, secret }: { id: string; secret: string }) =>
    server.graphql(
      'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }',
      { id, secret },
      '',
    );
  async function newKey(): Promise<{ id: string; secret: string }> {
    const made = await server.graphql(
      'mutation { apiKeyCreate(input: { name: "k", admin: false, teams: ["builders"] }) { id secret } }',
    );
    return read<{ apiKeyCreate: { id: string; secret: string } }>(made).apiKeyCreate;
  }
  const makeProject = (space: string, token: string) =>
    server.graphql(
      'mutation($name: String!, $space: ID) { intentProjectCreate(name: $name, space: $space) { id } }',
      { name: `project ${(count += 1)}`, space },
      token,
    );

  describe('an assistant whose person is let in no more', () => {
    it('is refused at its next call, at its next refresh, and the person is told why at the page', async () => {
      const memory = clientMemory('Assistant');
      const session = await connect(memory);
      assert.match(await ask(session, '{ viewer { name } }'), /bea/);
      await write(
        'allow if input.session.login != "bea"\n\ndeny contains "ask Ada first" if input.session.login == "bea"',
      );
      const { access_token: bearer = '', refresh_token: refreshToken = '' } = memory.kept.tokens ?? {};
      const answer = await fetch(`${server.url}/mcp`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${bearer}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      });
      assert.equal(answer.status, 401);
      const { client_id = '' } = (await memory.clientInformation()) ?? {};
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id });
      const refreshed = await fetch(`${server.url}/oauth/token`, { method: 'POST', body });
      assert.deepEqual(
        [refreshed.status, await refreshed.json()],
        [
          400,
          {
            error: 'invalid_grant',
            error_description: 'unauthorized: the login policies of this server do not let you in: ask Ada first',
          },
        ],
      );
      assert.match(await signInPage(), /The login policies of this server do not let you in: ask Ada first/);
      await session.close();
    });

    it('is let in again by another policy, with the refresh token it still has', async () => {
      const memory = clientMemory('Assistant');
      const session = await connect(memory);
      const denying = await write('deny if true');
      await assert.rejects(ask(session, '{ viewer { name } }'));
      await server.graphql(
        'mutation($id: ID!, $input: PolicyUpdateInput!) { policyUpdatev2(id: $id, input: $input) { id } }',
        {
          id: denying,
          input: { name: 'login open', body: 'package spacelift\n\nallow if input.session.login == "bea"\n' },
        },
      );
      assert.match(await ask(await connect(memory), '{ viewer { name } }'), /bea/);
    });
  });

  it('give a role in the named space only, by HTTP and to an assistant', async () => {
    await write('allow if true\n\ndeny_admin if true\n\nroles["team"]["space-admin"] if true');
    const session = await connect();
    const make = async (space: string) =>
      JSON.stringify(
        await session.call('mutate', {
          document: `mutation { intentProjectCreate(name: "p ${(count += 1)}", space: "${space}") { id } }`,
        }),
      );
    assert.match(await make('root'), /no such space: .*"isError":true/);
    assert.doesNotMatch(await make('team'), /"isError":true/);
    const { token } = await aKey(server, {});
    assert.equal(refusal(await makeProject('root', token)).message, 'no such space: "root"');
    read(await makeProject('team', token));
  });

  it('take admin away from those who are no more than invited to it', async () => {
    const session = await connect();
    assert.match(await ask(session, '{ viewer { admin } }'), /\\"admin\\": ?true/);
    await write('allow if true\n\nadmin if true\n\ndeny_admin if not input.session.machine');
    assert.match(await ask(session, '{ viewer { admin } }'), /\\"admin\\": ?false/);
  });

  it('are written in the older dialect too, as existing ones are', async () => {
    await write(
      'allow { input.session.teams[_] == "builders" }\nspace_read["team"] { allow }\nroles["root"][role.ulid] { role := input.roles[_]; role.slug == "space-reader" }\nteam["crew"] { allow }',
      'REGO_V0',
    );
    const { apiKeyUser } = read<{ apiKeyUser: { jwt: string } }>(await exchange(await newKey()));
    const { spaces } = read<{ spaces: { id: string }[] }>(
      await server.graphql('{ spaces { id } }', {}, apiKeyUser.jwt),
    );
    assert.deepEqual(spaces.map(({ id }) => id).toSorted(), ['root', 'team']);
    const stranger: TestKey | Error = await aKey(server, {}).catch((error: Error) => error);
    assert.ok(stranger instanceof Error && /ask an administrator/.test(stranger.message));
  });

  it('see the teams of those who come with a token of GitHub', async () => {
    await write(
      'allow if "acme/platform" in input.session.teams\n\nroles["team"]["space-reader"] if "acme/platform" in input.session.teams',
    );
    const document = 'mutation($token: String!) { oauthUser(token: $token) { jwt validUntil } }';
    const come = (token: string) => server.graphql(document, { token }, '');
    const { jwt } = read<{ oauthUser: { jwt: string } }>(await come('ghp_ana')).oauthUser;
    const { spaces } = read<{ spaces: { id: string }[] }>(await server.graphql('{ spaces { id } }', {}, jwt));
    assert.deepEqual(spaces, [{ id: 'team' }]);
    assert.match(
      refusal(await come('ghp_bo')).message,
      /^unauthorized: the login policies of this server do not let you in/,
    );
    assert.match(refusal(await come('ghp_nobody')).message, /^unauthorized: GitHub does not know this token/);
  });

  it('end the session of a key on its next request when they change', async () => {
    const { token } = await aKey(server, { 'space-reader': 'root' });
    read(await server.graphql('{ viewer { name } }', {}, token));
    await write('allow if input.request.remote_ip == "203.0.113.9"');
    const answer = await server.graphql('{ viewer { name } }', {}, token);
    assert.deepEqual([answer.status, refusal(answer).code], [401, 'UNAUTHENTICATED']);
    assert.match(refusal(answer).message, /^unauthorized: the login policies of this server do not let you in/);
  });

  it('keep samples, which are simulated again with an edited body', async () => {
    const id = await write('allow if net.cidr_contains("127.0.0.0/8", input.request.remote_ip)\n\nsample := true');
    read(await exchange(await newKey()));
    const document = 'query($id: ID!) { policy(id: $id) { evaluationRecords { key outcome } } }';
    const { policy: found } = read<{ policy: { evaluationRecords: { key: string; outcome: string }[] } }>(
      await server.graphql(document, { id }),
    );
    const [record] = found.evaluationRecords;
    assert.equal(record?.outcome, 'allow');
    const sampled = read<{ policy: { evaluationSample: { input: string; result: string } } }>(
      await server.graphql(
        'query($id: ID!, $key: String!) { policy(id: $id) { evaluationSample(key: $key) { input result } } }',
        { id, key: record.key },
      ),
    ).policy.evaluationSample;
    assert.deepEqual(JSON.parse(sampled.result), { allow: true, sample: true });
    const simulated = read<{ policySimulate: string }>(
      await server.graphql(
        'mutation($body: String!, $input: String!) { policySimulate(body: $body, input: $input, type: LOGIN) }',
        {
          body: 'package spacelift\n\ndeny contains input.session.teams[_]\n',
          input: sampled.input,
        },
      ),
    ).policySimulate;
    assert.deepEqual(JSON.parse(simulated), { deny: ['builders'] });
  });

  it('let nobody in while one of them cannot be evaluated, but those who mend them', async () => {
    await write(
      'allow if count([1 | some i in numbers.range(1, 4000); some j in numbers.range(1, 4000); i + j == -1]) == 0',
    );
    const answer = await exchange(await newKey());
    assert.match(refusal(answer).message, /^unauthorized: .*could not be evaluated, so nobody is let in/);
    assert.match(await signInPage(), /could not be evaluated/);
    assert.equal(read<{ viewer: { admin: boolean } }>(await server.graphql('{ viewer { admin } }')).viewer.admin, true);
    const ada = plainPerson('ada');
    const page = await ada.visit(`${server.url}/sign-in`);
    const home = await ada.visit(
      `${server.url}/sign-in`,
      formOf(page, { username: 'ada', password, next: '/account' }),
    );
    assert.match(home.text, /You are signed in/);
  });

  it('are attached to nothing, and live in the root space', async () => {
    const id = await write('allow if true');
    const attach = await server.graphql(
      'mutation($id: ID!, $project: ID!) { policyIntentProjectAttach(id: $id, intentProject: $project) { id } }',
      { id, project: 'starter' },
    );
    assert.match(refusal(attach).message, /only policies of type INTENT/);
    const input: JsonObject = {
      name: 'elsewhere',
      type: 'LOGIN',
      engineType: 'REGO_V1',
      space: 'team',
      body: 'package spacelift\n\nallow if true\n',
    };
    const made = await server.graphql('mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }', {
      input,
    });
    assert.match(refusal(made).message, /^space: login policies live in the root space/);
    const typo = { ...input, space: 'root', body: 'package spacelift\n\nalow if true\n' };
    const wrong = await server.graphql(
      'mutation($input: PolicyCreateInput!) { policyCreatev2(input: $input) { id } }',
      { input: typo },
    );
    assert.match(refusal(wrong).message, /^body: a policy of type LOGIN needs a rule that is read/);
  });

  it('say what they see in a schema', async () => {
    const { loginPolicyInputSchema: schema } = read<{ loginPolicyInputSchema: { required: string[] } }>(
      await server.graphql('{ loginPolicyInputSchema }'),
    );
    assert.deepEqual(schema.required, ['request', 'session', 'spaces', 'roles']);
  });
});
