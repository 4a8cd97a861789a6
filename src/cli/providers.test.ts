import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readSnapshot } from '../codegen/catalog/read-snapshot.ts';
import { AppError, type ErrorCode } from '../shared/errors.ts';
import { aTerminal } from '../testing/terminal.ts';
import { createCommand } from './index.ts';
import { printSnapshot } from './snapshot-text.ts';

describe('sluice providers', () => {
  let root: string;
  let printed: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
    printed = [];
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  async function sluice(...args: string[]): Promise<void> {
    const command = createCommand(aTerminal({ root, print: (line) => printed.push(line) }));
    const offline = args[0] === 'list' || args.includes('--registry') ? [] : ['--registry', 'off'];
    await command.parseAsync(['providers', ...args, ...offline], { from: 'user' });
  }
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');

  async function expectRefused(code: ErrorCode, message: RegExp, ...args: string[]): Promise<void> {
    await assert.rejects(sluice(...args), (error) => {
      assert.ok(error instanceof AppError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  }

  it('add reads the schema of a running provider and stores the chosen part', async () => {
    await sluice('add', 'sluice/sandbox', '--resources', 'sandbox_p*');
    const snapshot = readSnapshot({ path: 'sluice-sandbox.json', text: read('schema/providers/sluice-sandbox.json') });
    assert.equal(snapshot.provider, 'sluice/sandbox');
    assert.deepEqual(Object.keys(snapshot.resources), ['sandbox_pet']);
    const length = snapshot.resources['sandbox_pet']?.block.attributes.find(({ name }) => name === 'length');
    assert.deepEqual([length?.type, length?.optional, length?.required], ['number', true, false]);
    assert.match(
      read('schema/providers/catalog.yaml'),
      /source: sluice\/sandbox\n {4}version: ~> 0\.1\n {4}resources:\n {6}- sandbox_p\*/,
    );
    assert.match(printed.join('\n'), /sluice\/sandbox 0\.1\.0: 1 resource types/);
  });

  it('update writes the same snapshot again, and list tells what is catalogued', async () => {
    await sluice('add', 'sluice/sandbox');
    const before = read('schema/providers/sluice-sandbox.json');
    writeFileSync(join(root, 'schema/providers/sluice-sandbox.json'), '{}');
    await sluice('update', 'sluice/sandbox');
    assert.equal(read('schema/providers/sluice-sandbox.json'), before);
    printed = [];
    await sluice('list');
    assert.deepEqual(printed, ['sluice/sandbox ~> 0.1: resources *, data sources *']);
  });

  it('add keeps the comments and entries of the file', async () => {
    await sluice('add', 'sluice/sandbox');
    const text = read('schema/providers/catalog.yaml').replace('sluice/sandbox', 'acme/toys # ours');
    writeFileSync(join(root, 'schema/providers/catalog.yaml'), text);
    await sluice('add', 'sluice/sandbox');
    assert.match(read('schema/providers/catalog.yaml'), /acme\/toys # ours[\s\S]*sluice\/sandbox/);
  });

  it('add refuses a provider that is catalogued, and says what to do instead', async () => {
    await sluice('add', 'sluice/sandbox');
    await expectRefused(
      'CONFLICT',
      /is in the catalog already.*sluice providers update sluice\/sandbox/,
      'add',
      'sluice/sandbox',
    );
  });
  it('add refuses globs that fit nothing, and writes nothing', async () => {
    await expectRefused(
      'NO_SUCH',
      /no such resource type of sluice\/sandbox 0\.1\.0: "cloud_\*"/,
      'add',
      'sluice/sandbox',
      '--resources',
      'cloud_*',
    );
    assert.throws(() => read('schema/providers/catalog.yaml'), /ENOENT/);
  });
  it('add refuses an address that is none', async () => {
    await expectRefused('BAD_INPUT', /provider/, 'add', 'a/b/c/d/e');
  });
  it('add refuses a provider that no source has', async () => {
    await expectRefused('NO_SUCH', /acme\/toys/, 'add', 'acme/toys');
  });
  it('update refuses a provider that is not catalogued', async () => {
    await expectRefused('NO_SUCH', /no such provider in the catalog: "acme\/toys"/, 'update', 'acme/toys');
  });
  it('list says when there is nothing', async () => {
    await sluice('list');
    assert.match(printed.join('\n'), /catalog is empty/);
  });
});

describe('snapshots of a provider', () => {
  it('hold one sorted line a type, so that equal schemas give equal text', () => {
    const block = { attributes: [], blocks: [], description: 'B.', deprecated: false };
    const text = printSnapshot({
      provider: 'a/b',
      version: '1.0.0',
      resources: { b_two: { version: 1, block }, b_one: { block, version: 0 } },
      dataSources: {},
    });
    assert.deepEqual(text.split('\n').slice(3, 7), [
      '  "resources": {',
      '    "b_one": {"block":{"description":"B."},"version":0},',
      '    "b_two": {"block":{"description":"B."},"version":1}',
      '  },',
    ]);
  });
});
