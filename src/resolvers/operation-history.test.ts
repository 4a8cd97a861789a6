import assert from 'node:assert/strict';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';
import { until } from '../testing/until.ts';

const SECRET = 'a-secret-of-the-history';
const CREATE = `mutation($project: ID!, $id: ID!, $config: JSON!) {
  intentResourceCreate(intentProject: $project, resourceID: $id, provider: "sluice/sandbox", type: "sandbox_file", config: $config) { id }
}`;
const DELETE = `mutation($project: ID!, $id: ID!, $confirmation: String) {
  intentResourceDelete(intentProject: $project, resourceID: $id, confirmation: $confirmation) { id confirmation { token } }
}`;
const HISTORY = `query($project: ID!) {
  intentResourceOperations(intentProject: $project) {
    operations {
      id kind config redacted user userKind client plan { digest before }
      receipts { action outcome actor client inputNames decision { outcome } planDigest before after sequence hash createdAt }
    }
  }
}`;

interface Receipt {
  readonly action: string;
  readonly outcome: string | null;
  readonly actor: string;
  readonly client: string | null;
  readonly inputNames: readonly string[] | null;
  readonly decision: { readonly outcome: string } | null;
  readonly planDigest: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly sequence: number | null;
  readonly hash: string | null;
}

interface Operation {
  readonly id: string;
  readonly kind: string;
  readonly config: unknown;
  readonly redacted: readonly string[];
  readonly user: string;
  readonly userKind: string;
  readonly plan: { readonly digest: string; readonly before: unknown };
  readonly receipts: readonly Receipt[];
}

interface Deleting {
  readonly intentResourceDelete: { readonly confirmation: { readonly token: string } | null };
}

describe('the history of a project', function () {
  let server: TestServer;
  let project: string;

  before(async () => {
    server = await sharedServer();
    const made = await server.graphql('mutation { intentProjectCreate(name: "told history", space: "root") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
    const config = { path: 'told', content: 'seen', sensitive_content: null };
    read(await server.graphql(CREATE, { project, id: 'told', config }));
    read(await server.graphql(CREATE, { project, id: 'kept', config: { path: 'kept', sensitive_content: SECRET } }));
    const asked = read<Deleting>(await server.graphql(DELETE, { project, id: 'told' })).intentResourceDelete;
    read(await server.graphql(DELETE, { project, id: 'told', confirmation: asked.confirmation?.token ?? '' }));
  });
  const history = async (): Promise<readonly Operation[]> => {
    const answer = read<{ intentResourceOperations: { operations: readonly Operation[] } }>(
      await server.graphql(HISTORY, { project }),
    );
    return answer.intentResourceOperations.operations;
  };

  it('shows what each operation was asked, and no secret of it', async () => {
    const operations = await history();
    assert.deepEqual(
      operations.map(({ kind, config, redacted }) => [kind, config, redacted]),
      [
        ['DELETE', null, []],
        ['CREATE', { path: 'kept', sensitive_content: null }, ['sensitive_content']],
        ['CREATE', { path: 'told', content: 'seen', sensitive_content: null }, []],
      ],
    );
    assert.doesNotMatch(JSON.stringify(operations), new RegExp(SECRET));
  });

  it('says who asked, and whether that is a person', async () => {
    for (const { user, userKind } of await history()) assert.deepEqual([user, userKind], ['admin', 'API_KEY']);
  });

  it('has receipts with input, decision, actor, both states and a place in the chain', async () => {
    const chained = async () => (await history()).every(({ receipts }) => receipts.every(({ hash }) => hash !== null));
    await until(chained, { what: 'the entries are in the chain' });
    const [deletion, , creation] = await history();
    const [made, ...noMore] = creation?.receipts ?? [];
    assert.deepEqual(noMore, []);
    assert.deepEqual(
      [made?.action, made?.outcome, made?.actor, made?.inputNames, made?.decision?.outcome, made?.planDigest],
      ['intent-resource.create', 'created', 'api_key::admin', ['content', 'path', 'sensitive_content'], 'ALLOWED', creation?.plan.digest],
    ); // prettier-ignore
    const [gone] = deletion?.receipts ?? [];
    assert.deepEqual([gone?.outcome, gone?.inputNames, gone?.after], ['deleted', null, null]);
    for (const text of [made?.before, made?.after, made?.hash, gone?.before, gone?.hash])
      assert.match(text ?? '', /^[0-9a-f]{64}$/);
    assert.ok((gone?.sequence ?? 0) > (made?.sequence ?? 0));
  });

  it('shows arguments and receipts to those only who may read state', async () => {
    const { token } = await aKey(server, { 'space-reader': 'root' });
    const ask = (fields: string) =>
      server.graphql(
        `query($project: ID!) { intentResourceOperations(intentProject: $project) { operations { ${fields} } } }`,
        { project },
        token,
      );
    read(await ask('id user userKind client'));
    for (const fields of ['config', 'receipts { id }']) {
      const refused = refusal(await ask(fields));
      assert.deepEqual([refused.code, /INTENT_STATE_READ/.test(refused.message)], ['FORBIDDEN', true]);
    }
  });
});
