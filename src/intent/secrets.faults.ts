import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { campaign, campaignSeed, createRandom, tell } from '../testing/campaign.ts';
import { Canaries } from '../testing/canaries.ts';
import { processesWith } from '../testing/processes.ts';
import { PlantedProject } from '../testing/secrets/planted-project.ts';
import { type DatabaseKind, openSecretPlace, type SecretPlace } from '../testing/secrets/secret-world.ts';
import { wrongRequests } from '../testing/secrets/wrong-requests.ts';
import { requireTool } from '../testing/tools.ts';
import { until } from '../testing/until.ts';

const LONGEST_WORK_MS = 3_000;

for (const database of ['embedded', 'PostgreSQL'] satisfies DatabaseKind[]) {
  describe(`secrets that were planted, database ${database}`, function (this: Mocha.Suite) {
    this.timeout(0);
    let place: SecretPlace;
    const open = new Canaries(createRandom(`${campaignSeed} open ${database}`));
    const name = open.make('the name of a project, which is no secret', createRandom('open'), '');
    const rounds = campaign(`secrets that were planted, database ${database}`, { short: 1, tenth: 2, full: 20 });
    const kills = campaign(`secrets in what a kill leaves, database ${database}`, {
      short: database === 'embedded' ? 0 : 1,
      tenth: 5,
      full: 50,
    });

    if (database === 'PostgreSQL') before(requireTool('postgres'));
    before(async () => {
      place = await openSecretPlace(database);
      const mutation = 'mutation($name: String!) { intentProjectCreate(name: $name) { name } }';
      const { data } = await place.server.graphql(mutation, { name });
      assert.equal(open.findIn('answer', JSON.stringify(data)).length, 1, 'it would be found in an answer');
    });
    after(() => place?.remove());

    it('would be found, however they are coded', () => {
      assert.equal(open.findIn('answer', Buffer.from(`user:${name}`).toString('base64')).length, 1);
      assert.equal(open.findIn('answer', Buffer.from(`{${name}`).toString('hex')).length, 1);
    });

    it(`are in no answer, by GraphQL or MCP, whatever fails: ${rounds.count} projects`, async () => {
      await rounds.run(async (random, index) => {
        const project = new PlantedProject(place, random, `round-${index}`);
        await project.plant();
        await project.drive();
        assert.ok(place.masked > 10, 'the provider was heard to quote secrets');
        place.masked = 0;
        assert.deepEqual(place.hits.splice(0), []);
      });
    });

    it('are in no answer to a request that is wrong', async () => {
      await wrongRequests(place, 'round-0', createRandom('wrong requests'));
      assert.deepEqual(place.hits.splice(0), []);
    });

    it(`are in no file that a kill in the middle of the work leaves: ${kills.count} kills`, async () => {
      await kills.run(async (random, index) => {
        const project = new PlantedProject(place, random, `killed-${index}`);
        await project.plant();
        const work = project.drive().catch(() => undefined); // it loses its server
        await until(() => processesWith(place.scriptFile, 'environ').length > 0, { what: 'a provider works' });
        await pause(random.below(LONGEST_WORK_MS));
        await place.kill();
        await work;
        assert.deepEqual(place.hits.splice(0), []);
        assert.deepEqual(place.searchFiles(place.canaries).hits, [], 'what was left');
        await place.startAgain();
      });
    });

    it('are in no log, metric, notice, audit entry, backup, dump or file', async () => {
      const { canaries } = place;
      const metrics = await (await fetch(`${place.server.url}/metrics`)).text();
      const health = await (await fetch(`${place.server.url}/healthz`)).text();
      await place.server.stop();
      const written = await place.writeOut();
      await place.stopAll();
      const { hits, bytes } = place.searchFiles(canaries);
      const found = [
        ...canaries.findIn('metrics', metrics),
        ...canaries.findIn('health', health),
        ...canaries.findIn('log', place.output()),
        ...canaries.findIn('notices', place.notices()),
        ...[...written].flatMap(([what, content]) => canaries.findIn(what, content)),
      ];
      tell(`${canaries.count} secrets; ${bytes} bytes of files searched; ${[...written.keys()].join(', ')} too`);
      assert.deepEqual([...found, ...hits], []);
      for (const [what, content] of written) {
        if (what !== 'audit') assert.equal(open.findIn(what, content).length, 1, `the name of a project is in ${what}`);
      }
    });

    it('would be found in each folder that is searched', () => {
      assert.ok(place.searchFiles(open).hits.length > 0, 'the name of a project is seen in the database');
      for (const folder of place.folders) {
        const planted = join(folder, 'planted-in-plain');
        writeFileSync(planted, `token=${name}\n`);
        assert.ok(
          place.searchFiles(open).hits.some(({ where }) => where === planted),
          folder,
        );
        rmSync(planted);
      }
    });
  });
}
