import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

interface Claim {
  readonly file: string;
  readonly name: string;
}

/** Tests that the page names: a file in backquotes, and behind it names in asterisks. */
function claimsOf(page: string): Claim[] {
  return page.split('\n').flatMap((line) => {
    let file = '';
    return [...line.matchAll(/`(src\/[^`]+\.ts)`|\*([^*]+)\*(?!\*)/g)].flatMap(([, path, name]) => {
      if (path !== undefined) file = path;
      return name === undefined || file === '' ? [] : [{ file, name }];
    });
  });
}

describe('the threat model', () => {
  const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');
  const claims = claimsOf(page);

  it('names a test for each attack', () => {
    const attacks = page.split('\n').filter((line) => /^\| (?!attack|asset|---)/.test(line) && line.includes('src/'));
    assert.ok(attacks.length >= 40, `${attacks.length} attacks`);
    for (const line of attacks) assert.ok(claimsOf(line).length > 0, line);
  });

  it('names no test that there is none of', () => {
    assert.ok(claims.length >= 60, `${claims.length} names`);
    for (const { file, name } of claims) {
      const path = join(root, file);
      assert.ok(existsSync(path), `no such file: ${file}`);
      // Names wrap in the source where lines would be too long; quotes are escaped there.
      const text = readFileSync(path, 'utf8').replaceAll('\\', '');
      assert.ok(text.includes(name), `${file} has no test "${name}"`);
    }
  });
});
