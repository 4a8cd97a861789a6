// From the start of the process to the first correct reply, on data that an earlier start left.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startTestServer } from '../../src/testing/server.ts';

const STARTS = 7;

export async function measureBoot(): Promise<object[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bench-boot-'));
  try {
    const times: number[] = [];
    for (let start = 0; start <= STARTS; start += 1) {
      const startedAt = performance.now();
      const server = await startTestServer({ dataDir });
      await server.graphql('{ debugInfo { selfHostedVersion } }', {}, '');
      times.push((performance.now() - startedAt) / 1000);
      await server.stop();
    }
    const [first = 0, ...later] = times;
    const sorted = later.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    return [
      { subject: 'first start, makes the database', value: first, unit: 's', range: '' },
      { subject: 'later start, median', value: median, unit: 's', range: [sorted[0] ?? 0, sorted.at(-1) ?? 0] },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
