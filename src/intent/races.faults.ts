import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import type { JsonObject } from '../shared/json.ts';
import { campaign, campaignSize, tell } from '../testing/campaign.ts';
import { type Operator, operatorOf } from '../testing/operator.ts';
import { RacingCallers } from '../testing/racing-callers.ts';
import { aKey, read, refusal } from '../testing/shared-server.ts';
import { requireTool } from '../testing/tools.ts';
import { startTwoServers, type TwoServers } from '../testing/two-servers.ts';

const SEEDS = { short: 1, tenth: 2, full: 20 };
const CALLS = { short: 12, tenth: 10_000, full: 10_000 }[campaignSize]; // of each caller
const CALLERS = 8;
const RESOURCES = 20;
const SESSIONS = { short: 12, tenth: 100, full: 100 }[campaignSize];
const CALLS_A_SESSION = 3;

describe('races', function () {
  this.timeout(0);
  const games = campaign('races', SEEDS);
  let both: TwoServers;

  before(requireTool('postgres'));
  before(requireTool('go'));
  before(async () => {
    both = await startTwoServers();
  });
  after(() => both?.stop());

  const newProject = async (id: string): Promise<void> => {
    read(await both.one.graphql(`mutation { intentProjectCreate(name: "${id}") { id } }`));
  };

  it(`of ${CALLERS} callers at two servers for ${RESOURCES} resources lose no update and keep the order of dependencies (${CALLS} calls each, ${games.count} times)`, async () => {
    await games.run(async (random, index) => {
      const project = `races-${index}`;
      await newProject(project);
      const race = { both, project, resources: RESOURCES, callers: CALLERS, calls: CALLS };
      const game = new RacingCallers(race);
      await game.run(random);
      tell(game.report());
    });
  });

  it(`of ${SESSIONS} sessions for one project never interleave`, async () => {
    const project = 'sessions';
    await newProject(project);
    const keys = await Promise.all(Array.from({ length: SESSIONS }, () => aKey(both.one, { 'space-admin': 'root' })));
    await Promise.all(keys.map((key, at) => work(key.token, at, project)));
    const rows = await both.postgres.query(
      both.databaseUrl,
      `select session || ' ' || extract(epoch from created_at) || ' ' || extract(epoch from finished_at) || ' ' || fence
        from intent_operation where project = '${project}' and status = 'FINISHED' and kind in ('CREATE', 'IMPORT') order by created_at`,
    );
    assert.equal(rows.length, SESSIONS * CALLS_A_SESSION);
    const stays = staysOf(rows);
    assert.equal(stays.length, SESSIONS, 'each session came once and stayed until it had done all');
    for (const [at, stay] of stays.entries()) {
      const next = stays[at + 1];
      if (next === undefined) continue;
      assert.ok(
        stay.until <= next.from,
        `${stay.session} was at work until ${stay.until}, ${next.session} from ${next.from}`,
      );
      assert.ok(stay.lastFence < next.firstFence, 'the fence moves on from session to session');
    }
    const made = both.cloud
      .objects()
      .map(({ content }) => content)
      .filter((content) => content.startsWith('session '));
    assert.equal(made.length, SESSIONS * CALLS_A_SESSION);
    tell(`${SESSIONS} sessions, ${rows.length} operations, 0 interleaved`);
  });

  /** Waits for the project, does all of its work in it, and leaves it. */
  async function work(token: string, at: number, project: string): Promise<void> {
    const server = at % 2 === 0 ? both.one : both.two;
    const operator = operatorOf({ server: () => server, project, cloud: both.cloud, token });
    for (let call = 0; call < CALLS_A_SESSION; call += 1) {
      const id = `session-${at}-${call}`;
      await untilMade(operator, id, both.cloud.config(id, `session ${at}`, 10));
    }
    read(await server.graphql(`mutation { intentProjectUnlock(id: "${project}") { id } }`, {}, token));
  }

  /** As often as another session is at work, and once more when a starved server was too slow to say that it lives. */
  async function untilMade(operator: Operator, id: string, config: JsonObject): Promise<void> {
    for (;;) {
      const answer = await operator.send('Create', id, { config });
      if (answer.errors.length === 0) return;
      const { code = '', message } = refusal(answer);
      assert.ok(['PROJECT_LOCKED', 'UNAVAILABLE', 'CONFLICT'].includes(code), message);
      if (code === 'CONFLICT') {
        const mine = (await operator.operations()).filter(({ resourceID }) => resourceID === id);
        for (const each of mine.filter(({ status }) => status === 'INTERRUPTED')) await operator.settle(each);
        if ((await operator.resources()).some(({ resourceID }) => resourceID === id)) return;
      }
      await pause(100 + Math.random() * 200);
    }
  }
});

interface Stay {
  readonly session: string;
  readonly from: number;
  until: number;
  readonly firstFence: number;
  lastFence: number;
}

/** Operations in the order of their beginning, those of one session after each other taken together. */
function staysOf(rows: readonly string[]): Stay[] {
  const stays: Stay[] = [];
  for (const row of rows) {
    const [session = '', from, until, fence] = row.split(' ');
    const last = stays.at(-1);
    if (last?.session === session) {
      last.until = Math.max(last.until, Number(until));
      last.lastFence = Number(fence);
    } else {
      stays.push({
        session,
        from: Number(from),
        until: Number(until),
        firstFence: Number(fence),
        lastFence: Number(fence),
      });
    }
  }
  return stays;
}
