import assert from 'node:assert/strict';

import { decodeJwt } from 'jose';

import {
  attachAwsIntegration,
  createAwsIntegration,
  createAwsSessions,
  createIdentityTokens,
  detachAwsIntegration,
} from '../domain/cloud/index.ts';
import type { DomainContext } from '../domain/context.ts';
import { addConfig } from '../domain/environment/index.ts';
import type { Executor, ProviderSession } from '../executor/index.ts';
import type { Json } from '../shared/json.ts';
import { fakeBinary } from '../testing/fake-cloud.ts';
import { otherSession, type TestIntent, testIntent } from '../testing/intent.ts';
import { assertRefused } from '../testing/refusals.ts';
import { type Sts, testSts } from '../testing/sts.ts';
import { createIntent, type Intent } from './index.ts';

const HALF_MS = 450_000; // of a session's life
const TOKEN_HALF_MS = 1_799_000; // of a token's, which counts in seconds
const own = { accessKeyId: 'AKIASERVER', secretAccessKey: 'server-secret', sessionToken: undefined };

type Call = keyof Executor;

/** One call of a provider, and what it got in with. */
interface Seen {
  readonly call: Call;
  readonly use: 'read' | 'write' | undefined;
  readonly key: string;
}

// Time goes by in the provider's calls. Each call must begin with credentials of which half is left.
describe('credentials of a project', () => {
  let bench: TestIntent;
  let sts: Sts;
  let context: DomainContext;
  let intent: Intent;
  let integration: string;
  let seen: Seen[];
  let took: Partial<Record<'plan' | 'apply' | 'read', number>>;

  beforeEach(async () => {
    bench = await testIntent();
    const { clock, cloud, request, project } = bench;
    sts = testSts(clock);
    seen = [];
    took = {};
    cloud.fault = ({ name }) => {
      if (name === 'plan' || name === 'apply' || name === 'read') clock.advance(took[name] ?? 0);
      return Promise.resolve(undefined);
    };
    const domain = { ...bench.context, identities: createIdentityTokens(bench.context) };
    context = {
      ...domain,
      aws: createAwsSessions({ own, stsUrl: undefined, outbound: sts.outbound, clock }),
      executor: watched(cloud.executor),
      providers: { ...cloud.providers, resolve: () => Promise.resolve({ ...fakeBinary, address: 'hashicorp/aws' }) },
    };
    intent = createIntent(context);
    const role = { name: 'main', roleArn: 'arn:aws:iam::123456789012:role/x', generateCredentialsInWorker: false };
    integration = (await createAwsIntegration(context, request, role)).id;
    await attach();
    const token = { id: 'cloud.token', type: 'IDENTITY_TOKEN', value: 'sts.amazonaws.com', writeOnly: false } as const;
    await addConfig(context, request, project, token);
  });

  const attach = () =>
    attachAwsIntegration(context, bench.request, {
      intentProject: bench.project,
      integration,
      read: true,
      write: true,
      awsRegion: 'eu-west-1',
    });

  function note(call: Call, { environment, files }: ProviderSession): void {
    const now = bench.clock.now().getTime();
    const key = environment['AWS_ACCESS_KEY_ID'] ?? '';
    const session = sts.sessions.get(key);
    const left = session === undefined ? Infinity : session.endsAt.getTime() - now;
    assert.ok(left > HALF_MS, `${call} began with credentials of which ${left} ms were left`);
    const token = Buffer.from(files?.['cloud.token'] ?? '').toString();
    assert.ok((decodeJwt(token).exp ?? 0) * 1000 - now > TOKEN_HALF_MS, `${call} began with an old token`);
    seen.push({ call, use: session?.use, key });
  }
  function watched(executor: Executor): Executor {
    const watch =
      <A extends unknown[], R>(call: Call, work: (session: ProviderSession, ...rest: A) => R) =>
      (session: ProviderSession, ...rest: A): R => {
        note(call, session);
        return work(session, ...rest);
      };
    return {
      ...executor,
      validateResource: watch('validateResource', (...given) => executor.validateResource(...given)),
      plan: watch('plan', (...given) => executor.plan(...given)),
      apply: watch('apply', (...given) => executor.apply(...given)),
      read: watch('read', (...given) => executor.read(...given)),
      importResource: watch('importResource', (...given) => executor.importResource(...given)),
      upgradeState: watch('upgradeState', (...given) => executor.upgradeState(...given)),
      readDataSource: watch('readDataSource', (...given) => executor.readDataSource(...given)),
      validateDataSource: watch('validateDataSource', (...given) => executor.validateDataSource(...given)),
    };
  }

  const made = (call: Call): Seen[] => seen.filter((each) => each.call === call);
  const keysOf = (call: Call): Set<string> => new Set(made(call).map(({ key }) => key));
  const uses = (): string[] => [...new Set(seen.map(({ call, use }) => `${call} ${use}`))].toSorted();
  const make = (resourceID: string, config: Json = { name: resourceID }) => ({
    kind: 'CREATE' as const,
    resourceID,
    provider: 'hashicorp/aws',
    type: 'fake_thing',
    config,
  });
  const at = (resourceID: string) => ({ intentProject: bench.project, resourceID });
  const named = (id: string) => ({ intentProject: bench.project, id });
  const create = (resourceID: string, config?: Json) =>
    intent.createResource(bench.request, { ...at(resourceID), ...make(resourceID, config) });
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  /** Each needs the one before it, so that one comes after the other. */
  const planChain = () =>
    intent.createChangeSet(bench.request, {
      intentProject: bench.project,
      changes: names.map((name, n) => make(name, { name: n === 0 ? name : `${name}-\${${names[n - 1]}.name}` })),
    });
  const apply = (id: string, confirmation?: string) =>
    intent.applyChangeSet(bench.request, { ...named(id), confirmation });

  it('are asked for once where many changes want them at the same time, to read and to change', async () => {
    const changes = Array.from({ length: 8 }, (_, n) => make(`r${n}`));
    const before = sts.sessions.size;
    const set = await intent.createChangeSet(bench.request, { intentProject: bench.project, changes });
    assert.equal((await apply(set.id)).status, 'FINISHED');
    assert.equal(sts.sessions.size, before, 'those of the attaching are good yet');
    bench.clock.advance(HALF_MS / 1000);
    const more = await intent.createChangeSet(bench.request, {
      intentProject: bench.project,
      changes: changes.map((each) => ({ ...each, resourceID: `${each.resourceID}x`, config: { name: 'x' } })),
    });
    assert.equal((await apply(more.id)).status, 'FINISHED');
    assert.equal(sts.sessions.size, before + 2);
    assert.deepEqual(uses(), ['apply write', 'plan read', 'validateResource read']);
  });

  it('go by the address under which a provider is used, though the same program has another one too', async () => {
    const other = createIntent({ ...context, providers: bench.cloud.providers });
    const plain = { ...at('plain'), ...make('plain'), provider: fakeBinary.address };
    await other.createResource(bench.request, plain);
    await create('one');
    assert.deepEqual(
      made('apply').map(({ use }) => use),
      [undefined, 'write'],
    );
  });

  it('are renewed in the middle of a change set: while it is planned, and while it is applied', async () => {
    took = { plan: 200 };
    const set = await planChain();
    assert.equal(set.status, 'PLANNED');
    assert.ok(keysOf('plan').size >= 2, 'planning went on after the credentials that it began with');
    took = { plan: 10, apply: 400 };
    seen = [];
    assert.equal((await apply(set.id)).status, 'FINISHED');
    assert.equal(made('apply').length, names.length);
    assert.ok(keysOf('apply').size >= 3 && keysOf('plan').size >= 3);
    assert.deepEqual(uses(), ['apply write', 'plan read']);
  });

  it('are new ones after a wait: for the set to be applied, to be resumed, and after a review', async () => {
    const set = await planChain();
    bench.clock.advance(3600);
    sts.refused = 'write';
    const failed = await assertRefused('PROVIDER_REFUSED', apply(set.id), /AccessDenied/);
    assert.match(failed.message, /0 of 6 are done/);
    bench.clock.advance(3600);
    sts.refused = undefined;
    assert.equal((await intent.resumeChangeSet(bench.request, named(set.id))).status, 'FINISHED');

    await bench.addPolicy('open', () => ({}));
    const asked = await intent.createChangeSet(bench.request, {
      intentProject: bench.project,
      changes: [make('reviewed')],
    });
    assert.equal(asked.status, 'PENDING_REVIEW');
    bench.clock.advance(24 * 3600);
    await intent.reviewChangeSet(otherSession('reviewer'), { ...named(asked.id), decision: 'ALLOW' });
    assert.equal((await apply(asked.id)).status, 'FINISHED');
  });

  it('are new ones for one change after its confirmation, and between the two halves of a replacement', async () => {
    await create('one');
    took = { apply: 500 };
    bench.clock.advance(3600);
    const config = { name: 'renamed' };
    const asked = await intent.updateResource(bench.request, { ...at('one'), config });
    bench.clock.advance(500);
    seen = [];
    const confirmation = asked.confirmation?.token;
    const done = await intent.updateResource(bench.request, { ...at('one'), config, confirmation });
    assert.equal(done.outcome, 'updated');
    assert.equal(made('apply').length, 2);
    assert.equal(keysOf('apply').size, 2, 'the new object is made with credentials of its own time');
  });

  it('that cannot be had any more leave nobody in doubt about what was done', async () => {
    await create('one');
    const config = { name: 'renamed' };
    const asked = await intent.updateResource(bench.request, { ...at('one'), config });
    const { fault } = bench.cloud;
    bench.cloud.fault = (call) => {
      if (call.name === 'apply') sts.refused = 'write';
      return fault?.(call) ?? Promise.resolve(undefined);
    };
    took = { apply: 500 };
    const confirmation = asked.confirmation?.token;
    const update = intent.updateResource(bench.request, { ...at('one'), config, confirmation });
    await assertRefused('PROVIDER_REFUSED', update, /you need to configure trust relationship/);
    assert.equal((await intent.findResource(bench.request, at('one')))?.condition, 'GONE');
    assert.equal(bench.cloud.objects.size, 0);

    bench.cloud.fault = undefined;
    sts.refused = undefined;
    const again = await intent.updateResource(bench.request, { ...at('one'), config });
    assert.equal(again.outcome, 'updated');
    assert.deepEqual([...bench.cloud.objects.keys()], ['id-renamed']);
  });

  it('are renewed while all resources of a project are read again', async () => {
    for (const name of names) await create(name);
    seen = [];
    took = { read: 200 };
    const oneByOne = createIntent(context, { limits: { changesAtOnce: 1 } });
    const refreshed = await oneByOne.refreshProject(bench.request, { intentProject: bench.project });
    assert.deepEqual([refreshed.unchanged, refreshed.failures], [names.length, []]);
    assert.ok(keysOf('read').size >= 2);
  });

  it('are renewed where they are tokens alone, too', async () => {
    await detachAwsIntegration(context, bench.request, { intentProject: bench.project, integration });
    took = { plan: 700, apply: 700 };
    const set = await planChain();
    assert.equal((await apply(set.id)).status, 'FINISHED');
    assert.deepEqual(uses(), ['apply undefined', 'plan undefined', 'validateResource undefined']);
  });

  it('are asked for again for the next resource where they could not be had for the one before', async () => {
    for (const name of names) await create(name);
    bench.clock.advance(HALF_MS / 1000);
    sts.busy = 1;
    const oneByOne = createIntent(context, { limits: { changesAtOnce: 1 } });
    const refreshed = await oneByOne.refreshProject(bench.request, { intentProject: bench.project });
    assert.deepEqual([refreshed.unchanged, refreshed.failures.length], [names.length - 1, 1]);
    assert.match(refreshed.failures[0]?.message ?? '', /HTTP 503/);
    bench.clock.advance(HALF_MS / 1000);
    sts.refused = 'read';
    const refused = await oneByOne.refreshProject(bench.request, { intentProject: bench.project });
    assert.deepEqual([refused.unchanged, refused.failures.length], [0, names.length]);
  });

  it('are gone for what begins after they were taken away, in the middle of a change set too', async () => {
    const set = await planChain();
    const { fault } = bench.cloud;
    bench.cloud.fault = async (call) => {
      if (call.name === 'apply' && made('apply').length === 1) {
        await detachAwsIntegration(context, bench.request, { intentProject: bench.project, integration });
      }
      return fault?.(call);
    };
    took = { apply: 500 };
    await apply(set.id);
    const [first, ...others] = made('apply').map(({ use }) => use);
    assert.deepEqual([first, new Set(others)], ['write', new Set([undefined])]);
  });
});
