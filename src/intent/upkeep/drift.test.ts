import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { disableProject, setDriftCheck, setWebhook, updateProject, watchOf } from '../../domain/projects/index.ts';
import { AppError } from '../../shared/errors.ts';
import { otherSession, type TestIntent, testIntent } from '../../testing/intent.ts';
import { assertRefused } from '../../testing/refusals.ts';
import { aValue } from '../../testing/schemas.ts';
import type { WebhookPost } from './notify.ts';
import { createUpkeep, type Upkeep } from './upkeep.ts';

const HOUR = 3_600;
const secret = 'a secret of 24 letters..';

describe('checks for drift', () => {
  let bench: TestIntent;
  let upkeep: Upkeep;
  let posts: { url: string; body: string; headers: Readonly<Record<string, string>> }[];
  let answer: WebhookPost;
  const check = (intervalMinutes: number | null) =>
    setDriftCheck(bench.context, bench.request, { intentProject: bench.project, intervalMinutes });
  const webhook = (url: string | null, key: string | null = secret) =>
    setWebhook(bench.context, bench.request, { intentProject: bench.project, url, secret: key });
  const watch = () => watchOf(bench.context, bench.project);
  /** Everything that is due, as the queue would have it done. */
  const work = async () => {
    for (const { name, project } of await upkeep.due())
      await upkeep.jobs.find((job) => job.name === name)?.run({ project });
  };
  const outside = (name: string, size: number) => {
    const changed = aValue({ id: `id-${name}`, name, size, password: null, pin: null });
    if (changed instanceof Map) bench.cloud.objects.set(`id-${name}`, changed);
  };
  const audited = async () => {
    const sql = `select data from audit_entry where action = 'intent-project.drift'`;
    return (await bench.context.storage.executeSql(sql)).rows.map((row) => JSON.stringify(row));
  };

  beforeEach(async () => {
    bench = await testIntent();
    posts = [];
    answer = () => Promise.resolve({ status: 204 });
    upkeep = createUpkeep(bench.context, bench.intent, (url, body, options) => {
      posts.push({ url, body, headers: options.headers });
      return answer(url, body, options);
    });
  });

  it('happen at their interval, find what changed outside, and tell it once', async () => {
    for (const name of ['one', 'two', 'three']) await bench.create(name, { name, size: 1 });
    await check(60);
    await webhook('https://hooks.example.com/services/T0/secret-path');
    await work();
    assert.deepEqual(
      bench.cloud.calls.filter((call) => call === 'read'),
      [],
    );
    outside('one', 7);
    bench.cloud.objects.delete('id-two');
    bench.clock.advance(HOUR);
    await work();
    await work();
    assert.equal(posts.length, 1);
    const told = JSON.parse(posts[0]?.body ?? '') as Record<string, string>; // what was sent is JSON
    assert.deepEqual(
      { event: told['event'], project: told['project'], resources: told['resources'] },
      {
        event: 'drift',
        project: bench.project,
        resources: [
          { resourceID: 'one', type: 'fake_thing', provider: 'acme/fake', paths: ['size'], gone: false },
          { resourceID: 'two', type: 'fake_thing', provider: 'acme/fake', paths: [], gone: true },
        ],
      },
    );
    bench.clock.advance(HOUR);
    await work();
    await work();
    assert.equal(posts.length, 1, 'nothing new');
    assert.equal((await audited()).length, 1);
    assert.equal((await watch())?.checkedAt, bench.clock.now().getTime() / 1000);
  });

  it('are signed, and the address and its key are not shown', async () => {
    await bench.create('one', { name: 'one', size: 1 });
    await check(15);
    const set = await webhook('https://hooks.example.com/services/T0/secret-path');
    assert.equal(set.webhookHost, 'hooks.example.com');
    outside('one', 7);
    bench.clock.advance(HOUR);
    await work();
    await work();
    const [post] = posts;
    const expected = createHmac('sha256', secret)
      .update(post?.body ?? '')
      .digest('hex');
    assert.equal(post?.headers['x-signature-256'], `sha256=${expected}`);
    const { rows } = await bench.context.storage.executeSql(
      `select (select string_agg(data::text, ' ') from audit_entry) as audit,
        (select string_agg(encode(webhook_url, 'escape') || encode(webhook_secret, 'escape'), '') from intent_project_watch) as kept`,
    );
    assert.doesNotMatch(JSON.stringify([set, rows]), /secret-path|24 letters/);
  });

  it('tell again what was not taken, later and later, in order, and show why', async () => {
    await bench.create('one', { name: 'one', size: 1 });
    await check(60);
    await webhook('https://hooks.example.com/');
    answer = () => Promise.reject(new AppError('BAD_INPUT', 'url: the host is refused'));
    outside('one', 7);
    bench.clock.advance(HOUR);
    await work();
    await work();
    assert.match((await watch())?.webhookFailure ?? '', /the host is refused/);
    await work();
    assert.equal(posts.length, 1, 'not at once');
    answer = () => Promise.resolve({ status: 500 });
    bench.clock.advance(60);
    await work();
    assert.match((await watch())?.webhookFailure ?? '', /answered with 500/);
    answer = () => Promise.resolve({ status: 200 });
    bench.clock.advance(5 * 60);
    await work();
    assert.equal(posts.length, 3);
    assert.equal(new Set(posts.map(({ body }) => body)).size, 1);
    assert.equal((await watch())?.webhookFailure, null);
    bench.clock.advance(60);
    await work();
    assert.equal(posts.length, 3);
  });

  it('go by the policies, and say what they could not look at', async () => {
    await bench.create('one', { name: 'one', size: 1 });
    await bench.addPolicy('no refresh', () => ({ deny: ['not here'] }));
    await check(60);
    bench.clock.advance(HOUR);
    await work();
    assert.match((await watch())?.note ?? '', /^fake_thing "one": .*\n- not here$/);
  });

  it('wait for a session that works in the project, and stop where it is disabled or checks are switched off', async () => {
    await bench.create('one', { name: 'one', size: 1 });
    await check(60);
    bench.clock.advance(HOUR);
    await bench.intent.refreshResource(otherSession('worker'), { intentProject: bench.project, resourceID: 'one' });
    await work();
    assert.match((await watch())?.note ?? '', /in use by worker/);
    outside('one', 7);
    bench.clock.advance(6 * 60);
    await work();
    assert.equal((await audited()).length, 1);
    await disableProject(bench.context, bench.request, bench.project);
    bench.clock.advance(2 * HOUR);
    await work();
    assert.match((await watch())?.note ?? '', /disabled/);
    await check(null);
    bench.clock.advance(24 * HOUR);
    assert.deepEqual(await upkeep.due(), []);
  });

  it('share their webhook with the end of the project', async () => {
    await webhook('https://hooks.example.com/');
    await updateProject(bench.context, bench.request, bench.project, { ttl: '30m' });
    for (const seconds of [0, 1_800]) {
      bench.clock.advance(seconds);
      await work();
      await work();
    }
    const events = posts.map(({ body }) => /"event":"([a-z-]+)"/.exec(body)?.[1]);
    assert.deepEqual(events, ['expiry-warning', 'expired']);
  });

  it('refuse what makes no sense', async () => {
    await assertRefused('BAD_INPUT', check(1), /intervalMinutes/);
    await assertRefused('BAD_INPUT', webhook('ftp://hooks.example.com/'), /^url/);
    await assertRefused('BAD_INPUT', webhook('https://me:word@hooks.example.com/'), /user/);
    await assertRefused('BAD_INPUT', webhook('https://hooks.example.com/', 'short'), /^secret/);
    await assertRefused('BAD_INPUT', webhook('https://hooks.example.com/', null), /^secret/);
    assert.equal((await webhook(null, null)).webhookHost, null);
  });
});
