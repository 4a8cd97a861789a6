import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { silentLogger } from '../shared/logger.ts';
import { campaign, type Random, tell } from '../testing/campaign.ts';
import { startTestServer, type TestServer } from '../testing/server.ts';
import { read } from '../testing/shared-server.ts';
import { openTestConnection, testFolder } from '../testing/storage.ts';
import type { Connection } from './connection.ts';
import { createVault, type Vault } from './vault.ts';

const PLACES = [
  'intent_resource:01A:state',
  'intent_resource:01A:config',
  'intent_resource:01B:state',
  'project_config:01A:value',
];
const SECRET = 'hunter2 and what is around it';

describe('what lies sealed in the database', function (this: Mocha.Suite) {
  this.timeout(0);
  let connection: Connection;
  let keyFile: string;
  // A database for each: a vault that a test is done with may still be counting ahead.
  beforeEach(async () => {
    connection = await openTestConnection();
    await connection.executeSql('truncate data_key restart identity');
    keyFile = join(mkdtempSync(join(testFolder(), 'vault-')), 'keys.json');
  });
  afterEach(() => connection.close());
  const open = (limits?: { messages: number; block: number }): Promise<Vault> =>
    createVault({ connection, keyFile, logger: silentLogger, ...(limits === undefined ? {} : { limits }) });

  const alterations = campaign('what lies sealed in the database', { short: 300, tenth: 1_000, full: 10_000 });

  it(`is not opened when it was altered, moved or put together anew: ${alterations.count} times`, async () => {
    const vault = await open();
    await connection.executeSql('update data_key set retired_at = now()');
    const newer = await open(); // another data key: what one sealed is not taken for what the other did
    await alterations.run(async (random, index) => {
      const place = random.pick(PLACES);
      const sealed = Buffer.from(random.pick([vault, newer]).seal(`${SECRET} ${index}`, place));
      const other = Buffer.from(random.pick([vault, newer]).seal(`${SECRET} of another row`, random.pick(PLACES)));
      const [what, altered, where] = alter(random, sealed, other, place);
      await assert.rejects(
        newer.open(altered, where),
        (error: Error) => !error.message.includes('hunter2'),
        `${what}: ${sealed.toString('hex')} became ${altered.toString('hex')}`,
      );
      assert.equal((await newer.open(sealed, place)).toString(), `${SECRET} ${index}`);
    });
  });

  it('is not opened with other keys under the names of the right ones', async () => {
    const sealed = (await open()).seal(SECRET, PLACES[0] ?? '');
    const right = readFileSync(keyFile, 'utf8');
    const { current } = JSON.parse(right) as { current: string };
    writeFileSync(keyFile, JSON.stringify({ current, keys: { [current]: randomBytes(32).toString('base64') } }));
    await assert.rejects(open());
    writeFileSync(keyFile, right);
    assert.equal((await (await open()).open(sealed, PLACES[0] ?? '')).toString(), SECRET);
  });

  const rotations = campaign('keys are changed under load', { short: 5, tenth: 100, full: 1_000 });

  it(`is opened by every server while keys are changed under load: ${rotations.count} times`, async () => {
    const servers = [await open({ messages: 5_000, block: 1_000 }), await open({ messages: 5_000, block: 1_000 })];
    const kept: { sealed: Uint8Array; text: string; place: string }[] = [];
    await rotations.run(async (random, index) => {
      const work = servers.map(async (vault) => {
        for (let at = 0; at < 20; at += 1) {
          const place = random.pick(PLACES);
          const text = `${index} ${at}`;
          kept.push({ sealed: vault.seal(text, place), text, place });
          const earlier = random.pick(kept);
          assert.equal((await random.pick(servers).open(earlier.sealed, earlier.place)).toString(), earlier.text);
          await new Promise((next) => setImmediate(next));
        }
      });
      await Promise.all([
        ...work,
        random.pick(servers).rotate(),
        random.chance(0.3) ? random.pick(servers).rotate() : undefined,
      ]);
      if (random.chance(0.2)) servers[random.below(servers.length)] = await open({ messages: 5_000, block: 1_000 });
    });
    const restarted = await open();
    for (const { sealed, text, place } of kept) assert.equal((await restarted.open(sealed, place)).toString(), text);
    tell(`${kept.length} values opened after ${rotations.count} changes of keys`);
  });

  const counts = campaign('a data key is used', { short: 10, tenth: 30, full: 300 });

  it(`never has more under one data key than it may have, however servers come and go: a data key is used ${counts.count} times over`, async () => {
    await counts.run(async (random) => {
      await connection.executeSql('update data_key set retired_at = now()');
      const block = 5 + random.below(20);
      const limits = { messages: block * (1 + random.below(5)), block };
      const used = new Map<number, number>();
      let servers = [await open(limits), await open(limits)];
      for (let at = 0; at < 100; at += 1) {
        // one that dies has counted what it did not use; one that starts anew must not use it again
        if (random.chance(0.05)) servers = [await open(limits), ...servers.slice(0, 1)];
        const key = sealedUnder(random.pick(servers));
        if (key === undefined) await new Promise((next) => setTimeout(next, 1));
        else used.set(key, (used.get(key) ?? 0) + 1);
      }
      for (const [key, count] of used)
        assert.ok(count <= limits.messages, `key ${key}: ${count} of ${limits.messages}`);
    });
  });
});

/** The number of the data key; undefined when none may be used before more are counted. */
function sealedUnder(vault: Vault): number | undefined {
  try {
    return Buffer.from(vault.seal('x', 'a:b:c')).readUInt32BE(1);
  } catch (error) {
    assert.match(String(error), /data key has messages left/);
    return undefined;
  }
}

/** What was done, the bytes then, and where they are said to lie. */
function alter(random: Random, sealed: Buffer, other: Buffer, place: string): [string, Buffer, string] {
  const altered = Buffer.from(sealed);
  const elsewhere = PLACES.filter((each) => each !== place);
  const flip = (): void => {
    const bit = random.below(sealed.length * 8);
    altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  };
  const cut = 1 + random.below(sealed.length - 1);
  const way = random.below(7);
  if (way === 0) return (flip(), ['a bit flipped', altered, place]);
  if (way === 1)
    return (
      altered.fill(random.below(256), cut, Math.min(sealed.length, cut + 1 + random.below(8))),
      ['bytes overwritten', different(altered, sealed), place]
    );
  if (way === 2) return ['another row’s', sealed, random.pick(elsewhere)];
  if (way === 3) return ['cut', sealed.subarray(0, cut), place];
  if (way === 4) return ['with something behind', Buffer.concat([sealed, randomBytes(1 + random.below(20))]), place];
  if (way === 5)
    return [
      'put together from two',
      different(Buffer.concat([sealed.subarray(0, cut), other.subarray(cut)]), sealed, other),
      place,
    ];
  altered.writeUInt32BE(random.pick([0, 3, 2 ** 32 - 1, altered.readUInt32BE(1) === 1 ? 2 : 1]), 1);
  return ['said to be of another data key', altered, place];
}

/** An alteration that changed nothing by chance changes something. */
function different(altered: Buffer, ...genuine: readonly Buffer[]): Buffer {
  if (genuine.some((each) => each.equals(altered))) altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
  return altered;
}

const kills = campaign('a server is killed while it changes keys', { short: 1, tenth: 10, full: 100 });

describe('a change of keys that is cut off', function (this: Mocha.Suite) {
  this.timeout(0);
  let dataDir: string;
  let server: TestServer | undefined;
  before(() => {
    dataDir = mkdtempSync(join(testFolder(), 'killed-'));
  });
  after(() => server?.kill());

  const ADD = `mutation($id: ID!) { intentProjectConfigAdd(intentProject: "starter", config: { id: $id, value: "kept", type: ENVIRONMENT_VARIABLE, writeOnly: false }) { id } }`;
  const ALL = '{ project: intentProject(id: "starter") { config { id value } } }';

  it(`leaves everything readable: a server is killed while it changes keys ${kills.count} times`, async () => {
    let added = 0;
    await kills.run(async (random) => {
      server = await startTestServer({ dataDir });
      for (let at = 0; at < 3; at += 1) {
        read(await server.graphql(ADD, { id: `KEPT_${added}` }));
        added += 1;
      }
      const running = server;
      const changing = Array.from({ length: 20 }, () => running.graphql('mutation { encryptionKeyRotate { id } }'));
      const settled = Promise.allSettled(changing);
      await new Promise((next) => setTimeout(next, random.below(150)));
      await server.kill();
      await settled;
      server = await startTestServer({ dataDir });
      const { config } = read<{ project: { config: { id: string; value: string }[] } }>(
        await server.graphql(ALL),
      ).project;
      assert.deepEqual([config.length, config.every(({ value }) => value === 'kept')], [added, true]);
      await server.stop();
      server = undefined;
    });
  });
});
