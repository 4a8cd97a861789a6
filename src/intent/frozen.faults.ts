import assert from 'node:assert/strict';

import { campaign, tell } from '../testing/campaign.ts';
import { operatorOf, type Operator } from '../testing/operator.ts';
import { aKey, read } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { startTwoServers, type TwoServers } from '../testing/two-servers.ts';
import { until } from '../testing/until.ts';

const SIZES = { short: 4, tenth: 20, full: 200 };
const limits = { leaseMs: 1_000 };

// Where the frozen server was, and whether its provider had acted by then.
const places = [
  { step: 'recordOutcome', acted: true },
  { step: 'judgeChange', acted: false },
  { step: 'applyChange', acted: false },
  { step: 'planCreate', acted: false },
] as const;

describe('a server that was frozen while it held a project', function () {
  this.timeout(0);
  const freezes = campaign('a server that was frozen', SIZES);
  let both: TwoServers;
  let other: string;
  let done = 0;

  before(requireTool('postgres'));
  before(requireTool('go'));
  before(async () => {
    both = await startTwoServers(limits);
    other = (await aKey(both.one, { 'space-admin': 'root' })).token;
  });
  after(async () => {
    await both?.stop();
    tell(`${done} servers frozen past their claim and woken: 0 late writes, 0 late effects`);
  });

  it(`writes nothing and does nothing when it wakes after another took the project over (${freezes.count} times)`, async () => {
    await freezes.run(async (_random, index) => {
      const { one, two, cloud } = both;
      const place = places[index % places.length] ?? places[0];
      const project = `frozen-${index}`;
      read(await one.graphql(`mutation { intentProjectCreate(name: "${project}") { id } }`));
      const sleeper = operatorOf({ server: () => one, project, cloud });
      const taker = operatorOf({ server: () => two, project, cloud, token: other });
      const [late, next] = [`${project}-late`, `${project}-next`];
      const { held } = await one.holdBefore(place.step);
      const asked = sleeper.send('Create', late, { config: cloud.config(late, 'by the frozen one') });
      await held;
      one.process.kill('SIGSTOP');
      await letRunOut(project);
      await takeOver(taker, next);
      const before = await rowsOf(project, late);
      const effects = cloud.effects().length;
      one.process.kill('SIGCONT');
      one.release();
      const { errors } = await asked;
      assert.equal(errors.length, 1, 'the caller of the frozen server is told');
      assert.deepEqual(await rowsOf(project, late), before);
      assert.equal(cloud.effects().length, effects);
      await assertKnown(taker, late, place.acted);
      done += 1;
    });
  });

  /** Five minutes in which the frozen server does not renew its claim. */
  const letRunOut = (project: string): Promise<string[]> =>
    both.postgres.query(both.databaseUrl, `update intent_project set lock_until = now() where id = '${project}'`);

  /** The other session gets the project as soon as the claim has run out, and works in it. */
  async function takeOver(taker: Operator, name: string): Promise<void> {
    const config = both.cloud.config(name, 'by the one who took over');
    let said = '';
    const isTaken = async (): Promise<boolean> => {
      const { errors } = await taker.send('Create', name, { config });
      said = errors.map(({ message }) => message).join();
      return errors.length === 0;
    };
    await until(isTaken, { what: 'the project taken over', seen: () => said });
    const isSeen = async (): Promise<boolean> =>
      (await taker.operations()).some(({ status }) => status === 'INTERRUPTED');
    await until(isSeen, { what: 'the operation of the frozen server shown as interrupted' });
  }

  /** Everything that the frozen server could write of its operation. */
  function rowsOf(project: string, resource: string): Promise<string[]> {
    const own = `project = '${project}' and resource_id = '${resource}'`;
    return both.postgres.query(
      both.databaseUrl,
      `select to_jsonb(o)::text from intent_operation o where ${own}
        union all select to_jsonb(r)::text from intent_resource r where ${own}
        union all select to_jsonb(s)::text from operation_step s where operation_id in (select id from intent_operation where ${own})
        union all select to_jsonb(p)::text from intent_project p where id = '${project}'`,
    );
  }

  /** What its provider had made by then is not forgotten: it is in doubt until somebody settles it. */
  async function assertKnown(taker: Operator, name: string, acted: boolean): Promise<void> {
    const made = both.cloud.objects().filter((object) => object.name === name);
    assert.equal(made.length, acted ? 1 : 0);
    const recorded = (await taker.resources()).find(({ resourceID }) => resourceID === name);
    assert.equal(recorded?.condition, acted ? 'INDETERMINATE' : undefined);
    await taker.settleAll();
    const settled = (await taker.resources()).find(({ resourceID }) => resourceID === name);
    assert.equal(settled?.condition, 'OK');
  }
});
