import assert from 'node:assert/strict';

import { makeSpaces, type TestDomain, testDomain } from '../../testing/domain.ts';
import { assertRefused } from '../../testing/refusals.ts';
import type { DomainContext } from '../context.ts';
import { createProject } from '../projects/index.ts';
import { updateSpace } from '../spaces/index.ts';
import type { AwsRole } from './aws-sessions.ts';
import {
  attachAwsIntegration,
  type AwsIntegrationRecord,
  cloudEnvironment,
  createAwsIntegration,
  listAwsAttachments,
  updateAwsIntegration,
} from './index.ts';

const input = { name: 'main', roleArn: 'arn:aws:iam::123456789012:role/sluice', generateCredentialsInWorker: false };

describe('AWS integrations', () => {
  let domain: TestDomain;
  let context: DomainContext;
  let taken: AwsRole[];

  beforeEach(async () => {
    domain = await testDomain();
    taken = [];
    const take = async (role: AwsRole) => {
      taken.push(role);
      return {
        accessKeyId: `id-${role.externalId}`,
        secretAccessKey: 'secret',
        sessionToken: 'token',
        renewAt: new Date(0),
      };
    };
    context = { ...domain.context, aws: { take } };
    await createProject(context, domain.admin, { name: 'shop' });
  });

  const integration = (changes: object = {}): Promise<AwsIntegrationRecord> =>
    createAwsIntegration(context, domain.admin, { ...input, ...changes });
  const attach = ({ id }: { id: string }, changes: object = {}) =>
    attachAwsIntegration(context, domain.admin, {
      intentProject: 'shop',
      integration: id,
      read: true,
      write: true,
      awsRegion: 'eu-west-1',
      ...changes,
    });

  const wrong: readonly [object, RegExp][] = [
    [{ roleArn: 'role/sluice' }, /^roleArn: must be the ARN of a role/],
    [{ name: ' ' }, /^name: must not be empty/],
    [{ durationSeconds: 60 }, /^durationSeconds: must be from 900 to 43200/],
    [{ region: 'europe' }, /^region: must be a region such as eu-west-1/],
    [{ region: 'x.attacker.example/?a=' }, /^region: /],
    [{ externalID: 'a b' }, /^externalID: /],
    [{ generateCredentialsInWorker: true }, /^generateCredentialsInWorker: must be false/],
    [{ autoattachEnabled: true }, /^autoattachEnabled: must be false/],
    [{ space: 'nowhere' }, /^space: no such space/],
  ];
  for (const [changes, message] of wrong) {
    it(`are refused with ${JSON.stringify(changes)}`, () => assertRefused('BAD_INPUT', integration(changes), message));
  }

  it('have a name each, and keep their space', async () => {
    const { id } = await integration();
    await assertRefused('CONFLICT', integration(), /^name: there is an AWS integration "main" already/);
    const change = (changes: object) => updateAwsIntegration(context, domain.admin, { ...input, id, ...changes });
    assert.equal((await change({ durationSeconds: 3600 })).durationSeconds, 3600);
    await makeSpaces(domain, { team: 'root' });
    await assertRefused('BAD_INPUT', change({ space: 'team' }), /^space: must be root/);
  });

  it('are tried for each use before they are attached', async () => {
    await attach(await integration({ externalID: 'mine' }));
    assert.deepEqual(
      taken.map(({ externalId, sessionName }) => [externalId, sessionName]),
      [
        ['mine', 'sluice-shop-read'],
        ['mine', 'sluice-shop-write'],
      ],
    );
    context = { ...context, aws: { take: () => Promise.reject(new Error('no')) } };
    await assert.rejects(attach(await integration({ name: 'other' })));
    assert.equal((await listAwsAttachments(context, 'shop')).length, 1);
  });

  it('share a project only where each has another use', async () => {
    await attach(await integration(), { write: false });
    const second = await integration({ name: 'second' });
    await assertRefused('CONFLICT', attach(second), /has AWS integration "main" for reading already/);
    await attach(second, { read: false });
    const use = async (use: 'read' | 'write') =>
      (await cloudEnvironment(context, { project: 'shop', provider: 'hashicorp/aws', use })).variables[
        'AWS_ACCESS_KEY_ID'
      ];
    assert.match((await use('read')) ?? '', /@shop@read$/);
    assert.match((await use('write')) ?? '', /@shop@write$/);
  });

  it('give nothing to providers that are not for AWS', async () => {
    await attach(await integration());
    const environment = (provider: string) => cloudEnvironment(context, { project: 'shop', provider, use: 'write' });
    assert.deepEqual(await environment('hashicorp/time'), {
      variables: {},
      secrets: [],
      renewAt: undefined,
      advice: undefined,
    });
    assert.deepEqual((await environment('hashicorp/awscc')).variables['AWS_REGION'], 'eu-west-1');
  });

  it('are used from below only while each space inherits', async () => {
    await makeSpaces(domain, { team: 'root' });
    await createProject(context, domain.admin, { name: 'inner', space: 'team' });
    const main = await integration();
    await assertRefused(
      'CONFLICT',
      attach(main, { intentProject: 'inner' }),
      /AWS integration "main" of space root cannot be used/,
    );
    const space = { name: 'team', description: '', parentSpace: 'root', labels: [] };
    await updateSpace(context, domain.admin, 'team', { ...space, inheritEntities: true });
    await attach(main, { intentProject: 'inner' });
    const closing = updateSpace(context, domain.admin, 'team', { ...space, inheritEntities: false });
    await assertRefused('CONFLICT', closing, /AWS integration "main"/);
  });
});
