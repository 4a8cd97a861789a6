import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Cloud, goCloud } from './clouds.ts';
import { type HeldServer, type HeldServerOptions, startHeldServer } from './held-server.ts';
import { startTestPostgres, type TestPostgres } from './postgres.ts';
import { processesWith, killHard } from './processes.ts';
import { startReplica, type TestServer } from './server.ts';

/** Two servers on one PostgreSQL, and a provider whose objects both make. */
export interface TwoServers {
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  /** Its operations can be held. */
  readonly one: HeldServer;
  readonly two: TestServer;
  readonly cloud: Required<Cloud>;
  stop(): Promise<void>;
}

// Whoever does everything at once is not what is tried with these.
const unlimited = {
  SLUICE_CALLER_RATE: '0',
  SLUICE_CALLER_CONCURRENCY: '0',
  SLUICE_CALLER_COST_RATE: '0',
  SLUICE_ADDRESS_RATE: '0',
  SLUICE_ADDRESS_CONCURRENCY: '0',
};

/** Needs `requireTool('postgres')` and `requireTool('go')`. */
export async function startTwoServers(limits: HeldServerOptions['limits'] = {}): Promise<TwoServers> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-two-'));
  const cloud = await goCloud(folder);
  const postgres = await startTestPostgres();
  const databaseUrl = await postgres.createDatabase();
  const settings = { ...cloud.settings, ...unlimited, DATABASE_URL: databaseUrl, SLUICE_LOG_LEVEL: 'error' };
  const one = await startHeldServer({ settings, limits });
  const two = await startReplica(one, settings);
  return {
    postgres,
    databaseUrl,
    one,
    two,
    cloud,
    async stop() {
      one.process.kill('SIGCONT');
      await Promise.all([one.kill(), two.kill()]);
      for (const pid of processesWith(folder, 'environ')) killHard(pid);
      await postgres.stop().catch(() => undefined); // a test may have failed while it was stopped
      for (const path of [folder, one.dataDir, two.dataDir])
        rmSync(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
