import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sandboxFolder, terraformFolder, type TerraformFolder } from '../testing/terraform.ts';
import { requireTool } from '../testing/tools.ts';

const apply = ['apply', '-no-color', '-input=false', '-auto-approve'];

describe('the sandbox under the terraform binary', function () {
  before(requireTool('terraform'));

  let base: string;
  let root: string;
  let terraform: TerraformFolder;

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sluice-tf-'));
    root = join(base, 'root');
    mkdirSync(root);
    mkdirSync(join(base, 'sockets'));
    terraform = fresh();
  });
  afterEach(() => {
    assert.deepEqual(readdirSync(join(base, 'sockets')), [], 'sockets left behind');
    rmSync(base, { recursive: true });
  });

  function fresh(environment: Readonly<Record<string, string>> = {}): TerraformFolder {
    const sockets = { PLUGIN_UNIX_SOCKET_DIR: join(base, 'sockets'), TMPDIR: join(base, 'sockets') };
    return terraformFolder(join(base, 'work'), { 'sluice/sandbox': sandboxFolder }, { ...sockets, ...environment });
  }

  function write(content: string, path = 'a.txt', more = ''): void {
    terraform.write(`
      provider "sandbox" { root = "${root}" }
      resource "sandbox_pet" "name" { length = 3 }
      resource "sandbox_string" "text" {
        length      = 20
        min_special = 2
      }
      resource "sandbox_file" "file" {
        path    = "${path}"
        content = "${content} \${sandbox_pet.name.id}"
      }
      ${more}
    `);
  }

  it('creates, then has nothing to do, updates, replaces, and destroys', () => {
    write('one');
    assert.equal(terraform.planCode(), 2);
    terraform.run(apply);
    assert.equal(terraform.planCode(), 0);
    const pet = terraform.attributes('sandbox_pet.name')?.['id'];
    assert.ok(typeof pet === 'string' && pet.split('-').length === 3);
    assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), `one ${pet}`);

    write('two');
    assert.match(terraform.run(apply), /0 added, 1 changed, 0 destroyed/);
    assert.equal(readFileSync(join(root, 'a.txt'), 'utf8'), `two ${pet}`);

    write('two', 'b.txt');
    assert.match(terraform.run(['plan', '-no-color']), /# forces replacement/);
    assert.match(terraform.run(apply), /1 added, 0 changed, 1 destroyed/);
    assert.deepEqual(readdirSync(root), ['b.txt']);
    assert.equal(terraform.planCode(), 0);

    assert.match(terraform.run(['destroy', '-no-color', '-auto-approve']), /3 destroyed/);
    assert.deepEqual(readdirSync(root), []);
  });

  it('shows drift and makes a file that vanished again', () => {
    write('one');
    terraform.run(apply);
    writeFileSync(join(root, 'a.txt'), 'other');
    assert.equal(terraform.planCode(), 2);
    assert.match(terraform.run(apply), /0 added, 1 changed/);
    rmSync(join(root, 'a.txt'));
    assert.match(terraform.run(apply), /1 added, 0 changed/);
    assert.equal(terraform.planCode(), 0);
  });

  it('imports a file and reads it as data', () => {
    writeFileSync(join(root, 'old.txt'), 'kept');
    write('one', 'a.txt', 'resource "sandbox_file" "old" {\n path = "old.txt"\n content = "kept"\n }');
    terraform.run(['import', '-no-color', 'sandbox_file.old', 'old.txt']);
    assert.equal(terraform.attributes('sandbox_file.old')?.['size'], 4);
    assert.match(terraform.run(apply), /3 added, 0 changed/);
    write(
      'one',
      'a.txt',
      'data "sandbox_file" "old" { path = "old.txt" }\n output "text" { value = data.sandbox_file.old.content }',
    );
    terraform.run(apply);
    assert.equal(terraform.run(['output', '-no-color', '-raw', 'text']), 'kept');
  });

  it('points at the attribute at fault', () => {
    write('one', '../a.txt');
    const output = terraform.run(['plan', '-no-color'], [1]);
    assert.match(output, /Error: Invalid path/);
    assert.match(output, /with sandbox_file\.file,\n.*\n.*path    = "\.\.\/a\.txt"/);
  });

  it('takes over state of an older schema version', () => {
    terraform.write('resource "sandbox_pet" "name" {}');
    const old = { id: 'brave-otter', words: 2, separator: '-', prefix: null, keepers: null };
    const resource = {
      mode: 'managed',
      type: 'sandbox_pet',
      name: 'name',
      provider: 'provider["registry.opentofu.org/sluice/sandbox"]',
      instances: [{ schema_version: 0, attributes: old }],
    };
    const state = {
      version: 4,
      terraform_version: '1.11.4',
      serial: 1,
      lineage: '0',
      outputs: {},
      resources: [resource],
    };
    writeFileSync(join(base, 'work', 'terraform.tfstate'), JSON.stringify(state));
    assert.equal(terraform.planCode(), 0);
  });

  const found: [Record<string, string>, RegExp][] = [
    [{ change_planned: 'separator' }, /Provider produced inconsistent result after apply/],
    [{ change_config: 'prefix' }, /Provider produced invalid plan/],
    [{ unknown_after_apply: 'yes' }, /Provider returned invalid result object after apply/],
    [{ fail_create: 'yes' }, /The object was made, but not completed/],
    [{ crash: 'ApplyResourceChange' }, /Plugin did not respond|Request cancelled/],
    [{ crash_after: 'PlanResourceChange' }, /Plugin did not respond|Request cancelled/],
    [{ wrong_type: 'ApplyResourceChange' }, /an object is required/],
    [{ stdout_noise: 'before' }, /Unrecognized remote plugin message/],
    [{ handshake: '1|4|unix|/nowhere|grpc|' }, /Incompatible API version/],
  ];
  for (const [faults, output] of found) {
    it(`is found out with ${JSON.stringify(faults)}`, () => {
      terraform = fresh({ SLUICE_SANDBOX_FAULTS: JSON.stringify(faults) });
      terraform.write('resource "sandbox_pet" "name" { prefix = "my" }');
      assert.match(terraform.run(apply, [1]).replace(/\s+/g, ' '), output);
      rmSync(join(base, 'sockets'), { recursive: true }); // one that crashed or was refused cannot tidy up
      mkdirSync(join(base, 'sockets'));
    });
  }
});
