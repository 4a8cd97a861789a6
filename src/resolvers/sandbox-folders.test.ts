import assert from 'node:assert/strict';

import { read, refusal, sharedServer } from '../testing/shared-server.ts';
import type { TestServer } from '../testing/server.ts';

const CREATE = `mutation($project: ID!) {
  intentResourceCreate(intentProject: $project, resourceID: "file", provider: "sluice/sandbox", type: "sandbox_file",
    config: { path: "notes/a.txt", content: "of one project" }) { status } }`;
const IMPORT = `mutation($project: ID!, $id: ID!) {
  intentResourceImport(intentProject: $project, resourceID: $id, importID: "notes/a.txt", provider: "sluice/sandbox",
    type: "sandbox_file") { status state } }`;
const READ = `query($project: ID!) {
  intentDataSourceRead(intentProject: $project, provider: "sluice/sandbox", type: "sandbox_file",
    config: { path: "notes/a.txt" }) { result } }`;

describe('files of the sandbox', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });
  const aProject = async (name: string): Promise<string> => {
    const made = await server.graphql('mutation($name: String!) { intentProjectCreate(name: $name) { id } }', { name });
    return read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  };

  it('are there for their own project alone', async () => {
    const [mine, other] = [await aProject('Files of mine'), await aProject('Files of another')];
    read(await server.graphql(CREATE, { project: mine }));
    assert.match(JSON.stringify(read(await server.graphql(READ, { project: mine }))), /of one project/);
    const absent = /there is no file notes\/a\.txt/;
    assert.match(refusal(await server.graphql(READ, { project: other })).message, absent);
    assert.match(refusal(await server.graphql(IMPORT, { project: other, id: 'taken' })).message, absent);
    read(await server.graphql(CREATE, { project: other })); // the same path is free here
  });
});
