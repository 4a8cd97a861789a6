import assert from 'node:assert/strict';

import type { JsonObject } from '../shared/json.ts';
import { clientMemory, oauthClients } from '../testing/oauth-client.ts';
import { invitationIn, password, plainPerson } from '../testing/person.ts';
import { startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import { aKey, read, refusal } from '../testing/shared-server.ts';
import { startReplica, startTestServer, type TestServer } from '../testing/server.ts';
import { requireTool } from '../testing/tools.ts';

const AUDIT = '{ searchAuditTrailEntries(input: { first: 1 }) { pageInfo { hasNextPage } } }';
const HEARD_WITHIN_MS = 30_000; // the other server is told by the database, in milliseconds unless the computer is busy

describe('a change of roles, with two servers on one database', function () {
  let postgres: TestPostgres;
  let one: TestServer;
  let two: TestServer;
  before(requireTool('postgres'));
  before(async () => {
    postgres = await startTestPostgres();
    const settings = { DATABASE_URL: await postgres.createDatabase() };
    one = await startTestServer({ settings });
    two = await startReplica(one, settings);
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
    await postgres?.stop();
  });

  const change = (document: string, variables: JsonObject) => one.graphql(document, variables);
  async function aRole(name: string, ...actions: string[]): Promise<string> {
    const create = 'mutation($input: RoleInput!) { roleCreate(input: $input) { id } }';
    return read<{ roleCreate: { id: string } }>(await change(create, { input: { name, actions } })).roleCreate.id;
  }
  const update = async (id: string, ...actions: string[]) =>
    read(
      await change('mutation($id: ID!, $input: RoleUpdateInput!) { roleUpdate(id: $id, input: $input) { id } }', {
        id,
        input: { actions },
      }),
    );
  /** Asks until the answer is the one awaited; what it is at the end. */
  async function soon<T>(ask: () => Promise<T>, awaited: T): Promise<T> {
    const until = Date.now() + HEARD_WITHIN_MS;
    let answer = await ask();
    while (answer !== awaited && Date.now() < until) {
      await new Promise((done) => setTimeout(done, 20));
      answer = await ask();
    }
    return answer;
  }

  it('counts on both for a key in use: bound, widened, narrowed, taken away', async () => {
    const role = await aRole('Auditor', 'SPACE_READ');
    const { id, token } = await aKey(one, {});
    const may = async (server: TestServer): Promise<boolean> =>
      (await server.graphql(AUDIT, {}, token)).errors.length === 0;
    const both = async (awaited: boolean) => {
      assert.equal(await may(one), awaited, 'on the server that made the change, at once');
      assert.equal(await soon(() => may(two), awaited), awaited, 'on the other one');
    };
    await both(false);
    const bind = 'mutation($input: ApiKeyRoleBindingInput!) { apiKeyRoleBindingCreate(input: $input) { id } }';
    const binding = read<{ apiKeyRoleBindingCreate: { id: string } }>(
      await change(bind, { input: { apiKeyID: id, roleID: role, spaceID: 'root' } }),
    ).apiKeyRoleBindingCreate;
    await both(false);
    await update(role, 'SPACE_READ', 'AUDIT_READ');
    await both(true);
    await update(role, 'SPACE_READ');
    await both(false);
    await update(role, 'AUDIT_READ');
    await both(true);
    read(await change('mutation($id: ID!) { apiKeyRoleBindingDelete(id: $id) { id } }', { id: binding.id }));
    await both(false);
    assert.equal(refusal(await two.graphql(AUDIT, {}, token)).code, 'FORBIDDEN');
  });

  for (const { era, connect } of oauthClients) {
    it(`counts for an assistant that a person has let in, on either server (${era})`, async () => {
      const person = plainPerson(`ann-${era}`);
      await inviteAndAccept(person, `ann-${era}`);
      const memory = clientMemory('assistant');
      const session = await connect(`${one.url}/mcp`, memory, person);
      const onOne = async () => (await session.call('query', { document: AUDIT })).isError !== true;
      const onTwo = () => callTwo(memory.kept.tokens?.access_token ?? '');
      assert.deepEqual([await onOne(), await onTwo()], [false, false]);
      const role = await aRole(`Auditor of ${era}`, 'SPACE_READ', 'AUDIT_READ');
      const user = await userId(`ann-${era}`);
      const give = 'mutation($input: UserRoleBindingBatchInput!) { userRoleBindingBatchCreate(input: $input) { id } }';
      const bindings = [{ roleID: role, userID: user, spaceID: 'root' }];
      const [binding] = read<{ userRoleBindingBatchCreate: { id: string }[] }>(
        await change(give, { input: { bindings } }),
      ).userRoleBindingBatchCreate;
      assert.equal(await onOne(), true);
      assert.equal(await soon(onTwo, true), true);
      read(await change('mutation($id: ID!) { userRoleBindingDelete(id: $id) { id } }', { id: binding?.id ?? '' }));
      assert.equal(await onOne(), false);
      assert.equal(await soon(onTwo, false), false);
      await session.close();
    });
  }

  let hasAdmin = false;
  /** The first person is admin of everything, so somebody else comes first; the link of the last start is the one that works. */
  async function inviteAndAccept(person: ReturnType<typeof plainPerson>, name: string): Promise<void> {
    if (!hasAdmin) await plainPerson('first').accept(invitationIn(two.output()), 'first', password);
    hasAdmin = true;
    const invite = 'mutation($input: ManagedUserInviteInput!) { managedUserInvite(input: $input) { invitationLink } }';
    const { managedUserInvite } = read<{ managedUserInvite: { invitationLink: string } }>(
      await change(invite, { input: { username: name, accessRules: [] } }),
    );
    await person.accept(managedUserInvite.invitationLink, name, password);
  }

  async function userId(name: string): Promise<string> {
    const { managedUsers } = read<{ managedUsers: { id: string; username: string }[] }>(
      await one.graphql('{ managedUsers { id username } }'),
    );
    return managedUsers.find(({ username }) => username === name)?.id ?? assert.fail(name);
  }

  /** The same token, sent to the other server: whether the tool did what it was asked. */
  async function callTwo(token: string): Promise<boolean> {
    const params = { name: 'query', arguments: { document: AUDIT } };
    const answer = await fetch(`${two.url}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    const { result } = JSON.parse(text.startsWith('{') ? text : (/^data: (.*)$/m.exec(text)?.[1] ?? '')) as {
      result: { isError?: boolean };
    };
    return result.isError !== true;
  }
});
