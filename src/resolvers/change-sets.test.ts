import assert from 'node:assert/strict';

import { aKey, read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const CREATE = `mutation($project: ID!, $changes: [IntentChangeInput!]!) {
  intentChangeSetCreate(intentProject: $project, changes: $changes) {
    id status digest destructive changeCount
    changes { resourceID kind needs operation { status changeSet plan { action after afterUnknown } } }
  }
}`;
const APPLY = `mutation($project: ID!, $id: ID!, $confirmation: String) {
  intentChangeSetApply(intentProject: $project, id: $id, confirmation: $confirmation) {
    id status failure message confirmation { token } changes { operation { status } }
  }
}`;

interface Made {
  readonly intentChangeSetCreate: {
    readonly id: string;
    readonly status: string;
    readonly changes: readonly {
      readonly needs: string[];
      readonly operation: { readonly plan: { action: string } };
    }[];
  };
}

interface Applied {
  readonly intentChangeSetApply: { readonly status: string; readonly confirmation: { readonly token: string } | null };
}

describe('change sets through the API', function () {
  let server: TestServer;
  let project: string;

  before(async () => {
    server = await sharedServer();
    const made = await server.graphql('mutation { intentProjectCreate(name: "sets", space: "root") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  });

  const sandbox = { provider: 'sluice/sandbox', kind: 'CREATE' };
  const changes = [
    { ...sandbox, resourceID: 'note', type: 'sandbox_file', config: { path: 'note', content: 'hello ${pet.id}' } },
    { ...sandbox, resourceID: 'pet', type: 'sandbox_pet', config: { length: 2 } },
  ];

  it('are planned, applied in order, shown in pages, and taken down after a confirmation', async () => {
    const { intentChangeSetCreate: set } = read<Made>(await server.graphql(CREATE, { project, changes }));
    assert.equal(set.status, 'PLANNED');
    assert.deepEqual(
      set.changes.map(({ needs }) => needs),
      [['pet'], []],
    );
    const applied = read<Applied>(await server.graphql(APPLY, { project, id: set.id })).intentChangeSetApply;
    assert.equal(applied.status, 'FINISHED');
    const shown = await server.graphql(
      `query($project: ID!) {
        note: intentResource(intentProject: $project, resourceID: "note") { state }
        pet: intentResource(intentProject: $project, resourceID: "pet") { state }
        intentChangeSets(intentProject: $project) { hasMore changeSets { id } }
      }`,
      { project },
    );
    const found = read<{ note: { state: { content: string } }; pet: { state: { id: string } } }>(shown);
    assert.equal(found.note.state.content, `hello ${found.pet.state.id}`);

    const gone = [{ kind: 'DELETE', resourceID: 'pet', withDependents: true }];
    const leaving = read<Made>(await server.graphql(CREATE, { project, changes: gone })).intentChangeSetCreate;
    assert.equal(leaving.changes.length, 2);
    const asked = read<Applied>(await server.graphql(APPLY, { project, id: leaving.id })).intentChangeSetApply;
    assert.equal(asked.status, 'PLANNED');
    const confirmation = asked.confirmation?.token ?? '';
    const done = await server.graphql(APPLY, { project, id: leaving.id, confirmation });
    assert.equal(read<Applied>(done).intentChangeSetApply.status, 'FINISHED');
  });

  it('need the action of each of their changes', async () => {
    const reader = await aKey(server, { 'space-reader': 'root' });
    const asking = `mutation($project: ID!, $changes: [IntentChangeInput!]!) {
      intentChangeSetCreate(intentProject: $project, changes: $changes) { id }
    }`;
    const refused = refusal(await server.graphql(asking, { project, changes }, reader.token));
    assert.equal(refused.code, 'FORBIDDEN');
    assert.match(refused.message, /^unauthorized: .*INTENT_RESOURCE_CREATE/);
  });
});
