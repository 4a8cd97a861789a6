import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { mountFiles } from './mount-files.ts';

describe('mounted files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-mount-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const files = { 'gcp.json': Buffer.from('{}'), 'keys/a.pem': Buffer.from('pem'), gcp: Buffer.from('x') };

  it('lie in the private folder, for their user alone', async () => {
    await mountFiles(folder, files, {});
    assert.equal(readFileSync(join(folder, 'app/keys/a.pem'), 'utf8'), 'pem');
    const modes = ['app', 'app/keys', 'app/keys/a.pem'].map((path) => statSync(join(folder, path)).mode & 0o777);
    assert.deepEqual(modes, [0o700, 0o700, 0o600]);
  });

  it('are named to the provider by the place where they are', async () => {
    const app = join(folder, 'app');
    const given = await mountFiles(folder, files, {
      EXACT: '/app/gcp.json',
      URL: 'file:///app/gcp.json?x',
      LIST: '/app/gcp:/app/keys/a.pem',
      FOLDER: '/app/keys/',
    });
    assert.deepEqual(given, {
      EXACT: `${app}/gcp.json`,
      URL: `file://${app}/gcp.json?x`,
      LIST: `${app}/gcp:${app}/keys/a.pem`,
      FOLDER: `${app}/keys/`,
    });
  });

  it('are named so in credentials of JSON too, and in no other file', async () => {
    const text = '{"credential_source":{"file":"/app/keys/a.pem","url":"/app/none"}}';
    const naming = { ...files, 'gcp.json': Buffer.from(text), 'notes.txt': Buffer.from(text) };
    await mountFiles(folder, naming, {});
    const content = (path: string) => readFileSync(join(folder, 'app', path), 'utf8');
    assert.equal(content('gcp.json'), text.replace('/app/keys', `${join(folder, 'app')}/keys`));
    assert.equal(content('notes.txt'), text);
  });

  it('leave other places alone', async () => {
    const variables = { A: '/my/app/gcp.json', B: '/app/gcp.jsonx', C: '/app/other', D: '/app', E: '/app/gcpXjson' };
    assert.deepEqual(await mountFiles(folder, files, variables), variables);
    assert.equal(await mountFiles(folder, {}, variables), variables);
  });

  it('never lie outside, and a folder that cannot be filled goes', async () => {
    await assert.rejects(mountFiles(folder, { '../out': Buffer.from('x') }, {}), /was checked when it was saved/);
    assert.equal(existsSync(folder), false);
    assert.equal(existsSync(join(folder, '../out')), false);
  });
});
