import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { buildSchema, validateSchema } from 'graphql';

import { generateFiles } from '../../codegen.ts';
import { fixtureAddress, layUsualMirror } from '../testing/go-provider.ts';
import { requireTool } from '../testing/tools.ts';
import { aTerminal } from '../testing/terminal.ts';
import { createCommand } from './index.ts';

describe('sluice providers with a provider from a mirror', () => {
  let root: string;
  before(requireTool('go'));
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const sluice = (...args: string[]) =>
    createCommand(aTerminal({ root })).parseAsync(['providers', ...args, '--registry', 'off'], {
      from: 'user',
    });
  const read = (name: string): string => readFileSync(join(root, 'schema/providers', name), 'utf8');

  it('adds and updates it, and pins what it installed', async () => {
    const mirror = await layUsualMirror(join(root, 'mirror'));
    await sluice('add', 'hashicorp/time', '--mirror', mirror, '--resources', 'time_*');
    const snapshot = read('hashicorp-time.json');
    assert.match(snapshot, /"version": "0\.14\.2"/);
    assert.match(snapshot, /^ {4}"time_sleep": \{/m);
    assert.match(
      read('lock.hcl'),
      /registry\.opentofu\.org\/hashicorp\/time" \{\n {2}version {5}= "0\.14\.2"[\s\S]*h1:/,
    );
    const checksum = /h1:\S+/.exec(read('lock.hcl'))?.[0] ?? 'none';
    await sluice('update', '--mirror', mirror);
    assert.equal(read('hashicorp-time.json'), snapshot);
    assert.ok(read('lock.hcl').includes(checksum));
  });

  it('keeps the pin when an update fails', async () => {
    const lock = read('lock.hcl');
    await assert.rejects(sluice('update', 'hashicorp/time', '--mirror', join(root, 'nowhere')), /hashicorp\/time/);
    assert.equal(read('lock.hcl'), lock);
  });

  it('brings every shape of schema into the API', async () => {
    const written = resolve(import.meta.dirname, '../../schema');
    cpSync(written, join(root, 'schema'), { recursive: true, filter: (path) => !path.includes('/providers/') });
    await sluice('add', fixtureAddress, '--mirror', join(root, 'mirror'));
    const sdl = (await generateFiles(root)).find(({ path }) => path === 'generated/schema.graphql')?.content ?? '';
    const schema = buildSchema(sdl);
    assert.deepEqual(validateSchema(schema), []);
    const { resources } = JSON.parse(read('sluice-fixture.json')) as { resources: object };
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    const creators = mutations.filter((name) => /^intentFixture\w*Create$/.test(name));
    assert.equal(creators.length, Object.keys(resources).length);
  });
});
