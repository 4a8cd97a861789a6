import assert from 'node:assert/strict';

import { formatLocks, parseLocks } from './lock-syntax.ts';

const byTerraform = `# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.terraform.io/hashicorp/time" {
  version     = "0.14.2"
  constraints = "~> 0.14"
  hashes = [
    "h1:TvaLU4b5jA8UVNkUGSMcHQVbyVlFWcFgjxU/fqzNTEA=", // ours
    "zh:0a1b",
  ]
}
provider "example.com/acme/cloud" { /* short */
  version = "1.0.0"
  hashes = ["zh:ff"]
}
`;

describe('the lock file', () => {
  it('is read as terraform writes it', () => {
    const locks = parseLocks(byTerraform);
    assert.deepEqual(locks.get('registry.terraform.io/hashicorp/time'), {
      version: '0.14.2',
      constraints: '~> 0.14',
      hashes: ['h1:TvaLU4b5jA8UVNkUGSMcHQVbyVlFWcFgjxU/fqzNTEA=', 'zh:0a1b'],
    });
    assert.deepEqual(locks.get('example.com/acme/cloud'), { version: '1.0.0', constraints: '', hashes: ['zh:ff'] });
  });

  it('survives writing and reading', () => {
    const locks = parseLocks(byTerraform);
    assert.deepEqual(parseLocks(formatLocks(locks)), locks);
  });

  it('has the layout of terraform: sorted blocks and hashes', () => {
    assert.match(
      formatLocks(parseLocks(byTerraform)),
      /\n\nprovider "example\.com\/acme\/cloud" \{\n  version     = "1\.0\.0"\n  hashes = \[\n    "zh:ff",\n  \]\n\}\n\nprovider "registry/,
    );
  });

  it('is empty when there is no text', () => {
    assert.equal(parseLocks('').size, 0);
  });

  for (const [what, text] of Object.entries({
    'an unfinished block': 'provider "a/b/c" {',
    'another block type': 'module "a" {}',
    'a template': 'provider "a/b/c" { version = "${x}" }',
    'a list where a text belongs': 'provider "a/b/c" { version = ["1"] }',
    'a text where a list belongs': 'provider "a/b/c" { hashes = "h1:x" }',
    'a provider twice': 'provider "a/b/c" {} provider "a/b/c" {}',
    'binary junk': '\u0000\u0001',
  })) {
    it(`is refused with ${what}`, () => assert.throws(() => parseLocks(text)));
  }
});
