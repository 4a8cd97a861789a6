import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startTestServer } from './testing/server.ts';

const main = join(import.meta.dirname, 'main.ts');

function run(
  args: readonly string[],
  settings: Record<string, string>,
): { code: number | null; out: string; err: string } {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...settings };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, out: stdout, err: stderr };
}

describe('the server process', function () {
  let dataDir: string;
  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'sluice-main-'));
  });
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  it('ends with code 2 and one line for each wrong setting', () => {
    const { code, err } = run(['serve'], { PORT: 'http', SLUICE_MAX_DEPHT: '3', SLUICE_DATA_DIR: dataDir });
    assert.equal(code, 2);
    const named = err
      .trim()
      .split('\n')
      .map((line) => line.split(':')[0]);
    assert.deepEqual(new Set(named), new Set(['PORT', 'SLUICE_MAX_DEPHT']));
  });

  it('ends with code 2 for a command that it does not have', () => {
    const { code, err } = run(['sevre'], { SLUICE_DATA_DIR: dataDir });
    assert.equal(code, 2);
    assert.match(err, /no such command: sevre; use serve, migrate, audit/);
  });

  it('keeps the admin key to its owner, tells what to do next, and finds everything again', async () => {
    const first = await startTestServer({ dataDir });
    const keyFile = join(dataDir, 'admin-key.json');
    const key = readFileSync(keyFile, 'utf8');
    assert.equal(statSync(keyFile).mode & 0o777, 0o600);
    assert.equal(statSync(join(dataDir, 'keys.json')).mode & 0o777, 0o600);
    for (const told of [
      /GraphiQL/,
      /claude mcp add/,
      /\.gemini\/settings\.json/,
      /config\.toml/,
      /\.vscode\/mcp\.json/,
      /\.cursor\/mcp\.json/,
      /npm run demo/,
    ]) {
      assert.match(first.output(), told);
    }
    await first.graphql('mutation { intentProjectCreate(name: "Kept") { id } }');
    await first.stop();
    assert.equal(first.process.exitCode, 0);

    const second = await startTestServer({ dataDir });
    assert.equal(readFileSync(keyFile, 'utf8'), key);
    const published = (await (await fetch(`${second.url}/.well-known/sluice-audit-key`)).json()) as { keys: object[] };
    assert.deepEqual(Object.keys(published.keys[0] ?? {}).toSorted(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
    assert.match(await (await fetch(`${second.url}/metrics`)).text(), /sluice_audit_checkpoint_sequence \d+/);
    const { data } = await second.graphql('{ intentProject(id: "kept") { name } policies { name } }');
    assert.deepEqual(data, { intentProject: { name: 'Kept' }, policies: [{ name: 'Starter, sandbox only' }] });
    await second.stop();
  });

  it('checks the audit trail from the command line', () => {
    const { code, out } = run(['audit', 'verify'], { SLUICE_DATA_DIR: dataDir });
    assert.equal(code, 0);
    assert.match(out, /^\d+ entries, chain intact, .*Tail unproven/);
  });

  it('proves the audit trail by a checkpoint that was kept elsewhere, and shows what it cannot', () => {
    const settings = { SLUICE_DATA_DIR: dataDir };
    const file = join(dataDir, 'checkpoint.json');
    writeFileSync(file, run(['audit', 'checkpoint'], settings).out);
    const proven = run(['audit', 'verify', '--checkpoint', file], settings);
    assert.equal(proven.code, 0, proven.err);
    assert.match(proven.out, /Proven up to entry \d+ by the checkpoint given\.\n$/);
    const forged = JSON.parse(readFileSync(file, 'utf8')) as { sequence: number };
    writeFileSync(file, JSON.stringify({ ...forged, sequence: forged.sequence + 1 }));
    const refused = run(['audit', 'verify', `--checkpoint=${file}`], settings);
    assert.equal(refused.code, 1);
    assert.match(refused.out, /was altered: its signature is wrong/);
    const lines = run(['audit', 'export', '--since', '2020-01-01T00:00:00Z'], settings).out.trim().split('\n');
    assert.ok(lines.length >= 2 && lines.every((line) => 'hash' in (JSON.parse(line) as object)));
    const wrong = run(['audit', 'verify', '--checkpiont', file], settings);
    assert.deepEqual(
      [wrong.code, wrong.err.trim()],
      [2, `audit verify takes --checkpoint <value>, --key <value>, not --checkpiont ${file}`],
    );
  });

  it('brings a database up to date as a step of its own', () => {
    const { code, out } = run(['migrate'], { SLUICE_DATA_DIR: dataDir });
    assert.equal(code, 0);
    assert.match(out, /up to date/);
  });

  it('says what to do when its port is taken', async () => {
    const running = await startTestServer();
    const { port } = new URL(running.url);
    const { code, err } = run(['serve'], { PORT: port, SLUICE_DATA_DIR: dataDir });
    assert.equal(code, 1);
    assert.match(err, new RegExp(`${port} is in use.*PORT`, 's'));
    await running.stop();
  });

  it('refuses a data folder that another server uses', async () => {
    const running = await startTestServer();
    const { code, err } = run(['serve'], { PORT: '4999', SLUICE_DATA_DIR: running.dataDir });
    assert.equal(code, 1);
    assert.match(err, /in use by another server; stop that one first/);
    await running.stop();
  });
});
