import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { layers, sharedFiles } from '../../scripts/layers.ts';

const root = resolve(import.meta.dirname, '../..');

/** Lints one file with one import in a copy of the layout, and returns what the import rule says. */
function lintImport(file: string, specifier: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-layers-'));
  try {
    const path = join(folder, 'src', file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `import { thing } from '${specifier}';\nexport const copy = thing;\n`);
    return restrictedImports(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function restrictedImports(path: string): string {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const options = ['-c', join(root, 'scripts/lint.config.ts'), '--format', 'json', path];
  const { stdout } = spawnSync(oxlint, options, { encoding: 'utf8' });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; help?: string }[] };
  return diagnostics
    .filter(({ code }) => code.includes('no-restricted-imports'))
    .map(({ help }) => help ?? '')
    .join('\n');
}

describe('the layers', function () {
  it('refuse an import from a layer above', () => {
    assert.match(lintImport('storage/spaces.ts', '../domain/spaces/index.ts'), /storage may import only/);
    assert.match(lintImport('mcp/call-tool.ts', '../resolvers/index.ts'), /mcp may import only/);
    assert.match(lintImport('shared/ids.ts', '../storage/spaces.ts'), /shared may import only/);
  });

  it('refuse an import past a door', () => {
    assert.match(lintImport('domain/spaces/index.ts', '../../policy/wasm/pool.ts'), /through its door/);
    assert.match(lintImport('resolvers/spaces.ts', '../domain/spaces/tree.ts'), /through its door/);
  });

  it('refuse test code in shipped code', () => {
    assert.match(lintImport('http/app.ts', '../testing/server.ts'), /http may import only/);
  });

  it('refuse a package that another layer owns', () => {
    assert.match(lintImport('domain/spaces/index.ts', '@mikro-orm/core'), /does not own this package/);
    assert.match(lintImport('resolvers/spaces.ts', 'graphql'), /does not own this package/);
    assert.match(lintImport('providers/mirror.ts', 'node:child_process'), /does not own this package/);
  });

  it('let an import through a door pass', () => {
    assert.equal(lintImport('domain/spaces/index.ts', '../../policy/index.ts'), '');
    assert.equal(lintImport('domain/spaces/index.ts', '../../storage/spaces.ts'), '');
    assert.equal(lintImport('storage/spaces.ts', '@mikro-orm/core'), '');
    assert.equal(lintImport('resolvers/spaces.ts', '../domain/spaces/index.ts'), '');
  });

  it('cover every folder of src', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const unknown = folders.map(({ name }) => name).filter((name) => name !== 'testing' && !(name in layers));
    assert.deepEqual(unknown, []);
  });

  it('keep shared a closed list', () => {
    const files = readdirSync(join(root, 'src/shared')).filter((name) => !name.endsWith('.test.ts'));
    assert.deepEqual(files.toSorted(), [...sharedFiles].toSorted());
  });
});
