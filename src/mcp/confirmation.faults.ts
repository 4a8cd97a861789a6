import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { campaign, type Random, tell } from '../testing/campaign.ts';
import { type HeldServer, startHeldServer } from '../testing/held-server.ts';
import { type Asker, legacyAsker, modernAsker } from '../testing/mcp-askers.ts';
import { aKey, read } from '../testing/shared-server.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';

const EXPIRES_MS = 1;

interface Place {
  readonly server: TestServer;
  readonly mine: Asker;
  readonly theirs: Asker;
}

/** A confirmation that was not given for this call: asks for one, and brings it where it does not belong. */
type Way = (place: Place, random: Random) => Promise<{ readonly said: string; readonly spared: readonly string[] }>;

const resource = (project: string, id: string): JsonObject => ({ project, id });
const removal = (project: string, id: string): JsonObject => ({ kind: 'delete', ...resource(project, id) });
const VICTIM = 'first/victim';
const OTHER = 'first/other';

const ways: Readonly<Record<string, Way>> = {
  'with a bit of it changed': async ({ mine }, random) => {
    const token = await mine.ask(removal('first', 'victim'));
    return { said: await mine.bring(removal('first', 'victim'), flipped(token, random)), spared: [VICTIM] };
  },
  'cut or lengthened': async ({ mine }, random) => {
    const token = await mine.ask(removal('first', 'victim'));
    const made = random.pick([token.slice(0, random.below(token.length)), `${token}A`, `${token} `, `A${token}`]);
    return { said: await mine.bring(removal('first', 'victim'), made), spared: [VICTIM] };
  },
  'of another project': async ({ mine }, random) => {
    const [from, to] = random.pick([['first', 'second'], ['second', 'first']] as const); // prettier-ignore
    const token = await mine.ask(removal(from, 'victim'));
    return { said: await mine.bring(removal(to, 'victim'), token), spared: [VICTIM, 'second/victim'] };
  },
  'of another session': async ({ mine, theirs }) => {
    const token = await mine.ask(removal('first', 'victim'));
    await mine.call({ kind: 'unlock', project: 'first' });
    const said = await theirs.bring(removal('first', 'victim'), token);
    await theirs.call({ kind: 'unlock', project: 'first' });
    return { said, spared: [VICTIM] };
  },
  'of another plan': async ({ server, mine }, random) => {
    const token = await mine.ask(removal('first', 'victim'));
    await change(server, 'first', 'victim', `changed ${random.next()}`);
    return { said: await mine.bring(removal('first', 'victim'), token), spared: [VICTIM] };
  },
  'of another operation': async ({ mine }, random) => {
    const [from, to] = random.pick([['victim', 'other'], ['other', 'victim']] as const); // prettier-ignore
    const token = await mine.ask(removal('first', from));
    return { said: await mine.bring(removal('first', to), token), spared: [VICTIM, OTHER] };
  },
  'of another kind of operation': async ({ mine }) => {
    const token = await mine.ask(removal('first', 'victim'));
    const eject = { kind: 'eject', ...resource('first', 'victim') };
    return { said: await mine.bring(eject, token), spared: [VICTIM] };
  },
  'that was used before': async ({ server, mine }) => {
    const token = await mine.ask(removal('first', 'victim'));
    const used = await mine.bring(removal('first', 'victim'), token);
    assert.match(used, /deleted/, 'the right one is taken');
    await make(server, 'first', 'victim');
    return { said: await mine.bring(removal('first', 'victim'), token), spared: [VICTIM] };
  },
};

describe('confirmations that were not given for a call', function (this: Mocha.Suite) {
  this.timeout(0);
  let server: TestServer;
  let hasty: HeldServer;
  const askers: Record<string, { now: Place; late: Place }> = {};

  before(async () => {
    server = await startTestServer();
    hasty = await startHeldServer({ limits: { confirmationMs: EXPIRES_MS } });
    for (const each of [server, hasty]) {
      for (const name of ['First', 'Second']) {
        read(await each.graphql(`mutation { intentProjectCreate(name: "${name}") { id } }`));
      }
      for (const [project, id] of [
        ['first', 'victim'],
        ['first', 'other'],
        ['second', 'victim'],
      ] as const) {
        // prettier-ignore
        await make(each, project, id);
      }
    }
    for (const [era, askerOf] of Object.entries({ 2025: legacyAsker, 2026: modernAsker })) {
      const [now, late] = await Promise.all([server, hasty].map((each) => placeOf(each, askerOf)));
      assert.ok(now !== undefined && late !== undefined);
      askers[era] = { now, late };
    }
  });
  after(async () => {
    for (const { now, late } of Object.values(askers)) {
      for (const asker of [now, late].flatMap(({ mine, theirs }) => [mine, theirs])) await asker.close();
    }
    await server?.stop();
    await hasty?.stop();
  });

  for (const era of ['2025', '2026']) {
    for (const [name, bring] of Object.entries(ways)) {
      const cases = campaign(`${era}: a confirmation ${name}`, { short: 1, tenth: 100, full: 1_000 });
      it(`${era}: a confirmation ${name} is refused and destroys nothing (${cases.count} times)`, async () => {
        const place = askers[era]?.now ?? assert.fail();
        const seen = new Map<string, number>();
        await cases.run(async (random) => {
          const { said, spared } = await bring(place, random);
          await assertRefused(place, said, spared);
          const code = /CONFIRMATION_REQUIRED|PLAN_CHANGED|input_required|PROJECT_LOCKED|NO_SUCH/.exec(said)?.[0];
          seen.set(code ?? 'asked anew', (seen.get(code ?? 'asked anew') ?? 0) + 1);
        });
        tell([...seen].map(([code, count]) => `${code} ${count}`).join(', '));
      });
    }

    const late = campaign(`${era}: a confirmation that has run out`, { short: 1, tenth: 100, full: 1_000 });
    it(`${era}: a confirmation that has run out is refused and destroys nothing (${late.count} times)`, async () => {
      const place = askers[era]?.late ?? assert.fail();
      await late.run(async () => {
        const token = await place.mine.ask(removal('first', 'victim'));
        await pause(2 * EXPIRES_MS);
        await assertRefused(place, await place.mine.bring(removal('first', 'victim'), token), [VICTIM]);
      });
    });
  }
});

async function placeOf(server: TestServer, askerOf: (url: string, token: string) => Promise<Asker>): Promise<Place> {
  const url = `${server.url}/mcp`;
  const { token } = await aKey(server, { 'space-admin': 'root' });
  return { server, mine: await askerOf(url, await server.adminToken()), theirs: await askerOf(url, token) };
}

/** However it is said, what was to be spared is there. */
async function assertRefused({ server }: Place, said: string, spared: readonly string[]): Promise<void> {
  assert.doesNotMatch(said, /"outcome":"(?:deleted|forgotten|ejected)"/);
  for (const each of spared) {
    const [project = '', id = ''] = each.split('/');
    const query =
      'query($project: ID!, $id: ID!) { it: intentResource(intentProject: $project, resourceID: $id) { state } }';
    const { it: found } = read<{ it: { state: unknown } | null }>(await server.graphql(query, { project, id }));
    assert.ok(isJsonObject(found?.state), `${each} is there; what was said: ${said}`);
  }
}

async function make(server: TestServer, project: string, id: string): Promise<void> {
  const document = `mutation($project: ID!, $id: ID!, $config: JSON!) { intentResourceCreate(intentProject: $project,
    resourceID: $id, provider: "sluice/sandbox", type: "sandbox_file", config: $config) { id } }`;
  const config = { path: `${project}-${id}`, content: 'first' };
  read(await server.graphql(document, { project, id, config }));
}

async function change(server: TestServer, project: string, id: string, content: string): Promise<void> {
  const document = `mutation($project: ID!, $id: ID!, $config: JSON!) { intentResourceUpdate(intentProject: $project,
    resourceID: $id, config: $config) { id } }`;
  read(await server.graphql(document, { project, id, config: { path: `${project}-${id}`, content } }));
}

/** One bit of the bytes that the token stands for is another. */
function flipped(token: string, random: Random): string {
  const bytes = Buffer.from(token, 'base64url');
  const at = random.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes.toString('base64url');
}
