import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { startConformanceServer } from '../testing/conformance-server.ts';

const suite = resolve(import.meta.dirname, '../../node_modules/@modelcontextprotocol/conformance/dist/index.js');

// In these the server asks a 2025-era client something in the middle of a call and waits for the answer, which comes in
// another request: that takes a session held by one process, and there are none. Such clients get a one-time token
// instead. In the 2026-07-28 revision the server asks by its result, and all of those scenarios must pass.
const needSessions = [
  'tools-call-sampling',
  'tools-call-elicitation',
  'elicitation-sep1034-defaults',
  'elicitation-sep1330-enums',
];

const revisions = [
  { revision: '2025-11-25', required: 30, inapplicable: needSessions },
  { revision: '2026-07-28', required: 37, inapplicable: [] },
];

describe('MCP conformance', () => {
  let server: Awaited<ReturnType<typeof startConformanceServer>>;
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  before(async () => {
    server = await startConformanceServer();
  });
  after(() => {
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { revision, required, inapplicable } of revisions) {
    it(`passes what ${revision} requires of a server without sessions`, async () => {
      const results = await runSuite(server.url, revision, folder);
      assert.equal(results.length, required);
      const failed = results.filter(({ passed }) => !passed).map(({ scenario }) => scenario);
      assert.deepEqual(failed.toSorted(), inapplicable.toSorted());
    });
  }
});

interface ScenarioResult {
  readonly scenario: string;
  readonly passed: boolean;
}

/** Scored scenarios only; the suite lists the others after its total. */
async function runSuite(url: string, revision: string, folder: string): Promise<ScenarioResult[]> {
  const args = [suite, 'server', '--url', url, '--requirements', revision];
  // The suite ends with a code of its own when a scenario fails; what counts is its list.
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, maxBuffer: 50_000_000 }).catch(
    (error: { stdout: string }) => error,
  );
  const [, summary = ''] = stdout.split('=== SUMMARY ===');
  const [scored = '', unscored = ''] = summary.split(/\nTotal: /);
  const ignored = new Set([...unscored.matchAll(/^ {2}[✓✗] (\S+) \(/gmu)].map(([, name]) => name));
  return [...scored.matchAll(/^([✓✗]) (\S+): /gmu)]
    .map(([, mark, scenario = '']) => ({ scenario, passed: mark === '✓' }))
    .filter(({ scenario }) => !ignored.has(scenario));
}
