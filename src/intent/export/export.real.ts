import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Json, JsonObject } from '../../shared/json.ts';
import {
  buildGoProvider,
  buildLegacyProvider,
  buildTimeProvider,
  fixtureAddress,
  legacyAddress,
  timeAddress,
} from '../../testing/go-provider.ts';
import { startTestServer, type TestServer } from '../../testing/server.ts';
import { read } from '../../testing/shared-server.ts';
import { sandboxFolder, terraformFolder, type TerraformFolder } from '../../testing/terraform.ts';
import { requireTool } from '../../testing/tools.ts';
import { literal } from './hcl.ts';

interface Exported {
  readonly hcl: string;
  readonly resourceCount: number;
  readonly warnings: readonly string[];
  readonly variables: readonly string[];
}

const nasty = [
  'plain',
  '',
  '"quotes" and \\back\\slashes\\',
  'two\nlines\r\nand\ttabs',
  '${not.a.template} %{ if nor } this',
  '$${ %%{ $$${ %%%{ $$$$${x} $ % $$ %% ${',
  '$\u200b{ \u0000 \u0007 \u001f \u007f \u0085 \u2028 \u2029'.replaceAll('\u0000', ''),
  'é ü 日本語 🐘 \u{10ffff}',
  '~}',
  'EOT\n<<EOT\n# no comment // nor /* this */',
];

// What a team takes with it when it leaves: held to what the terraform program makes of it.
describe('an exported project under the terraform program', function () {
  let folder: string;
  let server: TestServer;
  let terraform: TerraformFolder;
  let project: string;

  before(requireTool('go'));
  before(requireTool('terraform'));
  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'sluice-export-'));
    const fixture = join(folder, 'terraform-provider-fixture');
    const cloud = join(folder, 'cloud');
    mkdirSync(cloud);
    writeFileSync(fixture, `#!/bin/sh\nexport FIXTURE_DIR=${cloud}\nexec ${await buildGoProvider()}\n`, {
      mode: 0o755,
    });
    const time = await buildTimeProvider();
    const legacy = await buildLegacyProvider();
    server = await startTestServer({
      settings: {
        SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${fixture},${timeAddress}=${time},${legacyAddress}=${legacy}`,
        SLUICE_PROVIDER_FOLDERS: folder,
        SLUICE_PROVIDER_ALLOW: `${fixtureAddress},${timeAddress},${legacyAddress}`,
      },
    });
    terraform = terraformFolder(join(folder, 'work'), {
      [fixtureAddress]: folder,
      [timeAddress]: dirname(time),
      [legacyAddress]: dirname(legacy),
      'sluice/sandbox': sandboxFolder,
    });
  });
  after(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    const made = await server.graphql('mutation { intentProjectCreate(name: "Export") { id } }');
    project = read<{ intentProjectCreate: { id: string } }>(made).intentProjectCreate.id;
  });

  const create = async (id: string, provider: string, type: string, config: Json) =>
    read<{ intentResourceCreate: { state: JsonObject } }>(
      await server.graphql(
        `mutation($project: ID!, $id: ID!, $provider: String!, $type: String!, $config: JSON!) {
          intentResourceCreate(intentProject: $project, resourceID: $id, provider: $provider, type: $type, config: $config) { state } }`,
        { project, id, provider, type, config },
      ),
    ).intentResourceCreate.state;
  const importOne = async (resourceID: string, provider: string, type: string, id: string) =>
    read(
      await server.graphql(
        `mutation($project: ID!, $resourceID: ID!, $provider: String!, $type: String!, $id: String!) {
          intentResourceImport(intentProject: $project, resourceID: $resourceID, importID: $id, provider: $provider, type: $type) { id } }`,
        { project, resourceID, provider, type, id },
      ),
    );
  const exported = async (resourceID?: string) =>
    read<{ intentProjectExport: Exported }>(
      await server.graphql(
        'query($project: ID!, $id: ID) { intentProjectExport(intentProject: $project, resourceID: $id) { hcl resourceCount warnings variables } }',
        { project, ...(resourceID === undefined ? {} : { id: resourceID }) },
      ),
    ).intentProjectExport;
  /** What a plan says, with the variables given. */
  const plan = (hcl: string, variables: Readonly<Record<string, string>> = {}) => {
    terraform.writeWhole(hcl);
    const given = Object.entries(variables).map(([name, value]) => `-var=${name}=${value}`);
    return terraform.run(['plan', '-no-color', '-input=false', ...given]);
  };

  it('is taken over without a change: imports only', async () => {
    await create('when/it@began', timeAddress, 'time_static', { rfc3339: '2026-01-30T00:00:00Z' });
    await create('thing', fixtureAddress, 'fixture_object', { name: 'odd ${name} "x"\n%{y}', content: 'é\\' });
    await create('pet', 'sluice/sandbox', 'sandbox_pet', { length: 3 });
    const { hcl, warnings, resourceCount } = await exported();
    assert.equal(resourceCount, 3);
    assert.deepEqual(warnings, [], hcl);
    assert.match(plan(hcl), /Plan: 3 to import, 0 to add, 0 to change, 0 to destroy/);
  });

  it('takes over an import of ours, and refers to what it needs', async () => {
    const made = await create('first', fixtureAddress, 'fixture_object', { name: 'first' });
    await create('second', fixtureAddress, 'fixture_object', { name: 'second', content: made['id'] ?? null });
    await importOne('again', timeAddress, 'time_static', '2026-05-01T00:00:00Z');
    await server.graphql(
      `mutation($project: ID!) { intentResourceDependencyAdd(intentProject: $project, from: "second", to: "first",
        fieldMappings: [{ sourceField: "id", targetField: "content" }]) { from } }`,
      { project },
    );
    const { hcl, warnings } = await exported();
    assert.deepEqual(warnings, [], hcl);
    assert.match(hcl, /content = fixture_object\.first\.id/);
    assert.match(hcl, /rfc3339 = "2026-05-01T00:00:00Z"/);
    assert.match(plan(hcl), /Plan: 3 to import, 0 to add, 0 to change, 0 to destroy/);
    const one = await exported('second');
    assert.match(plan(one.hcl), /Plan: 1 to import, 0 to add, 0 to change, 0 to destroy/);
  });

  it('takes over what was imported: nested blocks, awkward texts, and arguments that exclude each other', async () => {
    await importOne('shelf', legacyAddress, 'legacy_shelf', 'shelf-1');
    const { hcl, warnings, variables } = await exported();
    assert.deepEqual(warnings, [], hcl);
    assert.match(hcl, /name\s*= "shelf-1"/);
    assert.doesNotMatch(hcl, /name_prefix|canary/);
    const [pin = ''] = variables;
    assert.match(plan(hcl, { [pin]: 'canary-pin' }), /Plan: 1 to import, 0 to add, 0 to change, 0 to destroy/);
  });

  it('says what an import would not bring, and leaves out imports that would destroy or are refused', async () => {
    await create('slow', fixtureAddress, 'fixture_object', { name: 'slow', delay_ms: 1 });
    await create('triggered', timeAddress, 'time_static', { rfc3339: '2026-01-30T00:00:00Z', triggers: { a: 'b' } });
    await create('offset', timeAddress, 'time_offset', { base_rfc3339: '2026-01-30T00:00:00Z', offset_days: 3 });
    const { hcl, warnings } = await exported();
    assert.equal(warnings.length, 3, hcl);
    assert.match(warnings[0] ?? '', /^no import block: the provider does not import "offset"/);
    assert.match(warnings[1] ?? '', /^a plan will show an update of "slow" in place: .*delay_ms/);
    assert.match(
      warnings[2] ?? '',
      /^no import block: after an import a plan would replace "triggered" because of triggers/,
    );
    assert.match(plan(hcl), /Plan: 1 to import, 2 to add, 1 to change, 0 to destroy/);
  });

  it('has variables in place of secrets, and nested arguments as they were', async () => {
    await create('shapes', fixtureAddress, 'fixture_shapes', {
      name: 'shapes',
      big: '12345678901234567890.5',
      items: ['b', '${a}'],
      labels: ['y', 'x'],
      tags: { 'odd key "${x}"': 'v', for: 'w' },
      matrix: [[1, 2.5], []],
      pair: { key: 'k', weight: 1.5 },
      anything: { any: ['thing', 1, true, null] },
      secret: 'canary-secret',
      token: 'canary-token',
      token_version: 1,
      place: { city: 'Basel', zone: 'a' },
      rules: [{ cidr: '10.0.0.0/8', ports: [80], key: 'canary-rule' }, { cidr: '::/0' }],
      rule_map: { 'a b': { cidr: '10.0.0.0/8', key: 'canary-map' } },
    });
    await create('blocks', fixtureAddress, 'fixture_blocks', {
      name: 'n',
      rule: [{ cidr: 'a', option: [{ key: 'k' }, { key: 'j', value: 'v' }] }],
      member: [{ login: 'y' }, { login: 'x', roles: ['r', 'q'] }],
      place: { city: 'c' },
    });
    const { hcl, variables } = await exported();
    assert.doesNotMatch(hcl, /canary/);
    assert.deepEqual([...variables].toSorted(), [
      'fixture_blocks_blocks_rule_0_option_1_value',
      ...['rule_map_a_b_key', 'rules_0_key', 'secret', 'token'].map((name) => `fixture_shapes_shapes_${name}`),
    ]);
    const given = Object.fromEntries(variables.map((name) => [name, name.endsWith('token') ? 'canary-token' : 'x']));
    assert.match(plan(hcl, given), /Plan: /);
  });

  it('keeps every string as it was', () => {
    const texts = [...nasty, ...Array.from({ length: 300 }, randomText)];
    terraform.writeWhole(`output "texts" { value = ${literal(texts)} }\n`);
    terraform.run(['apply', '-no-color', '-auto-approve']);
    const kept: Json = JSON.parse(terraform.run(['output', '-json', 'texts'])) as Json; // JSON text is a Json value
    assert.deepEqual(
      kept,
      texts.map((text) => text.normalize('NFC')),
    );
  });
});

const alphabet = [
  '$',
  '$',
  '%',
  '%',
  '{',
  '{',
  '}',
  '"',
  '\\',
  '\n',
  '\r',
  '\t',
  '~',
  'a',
  ' ',
  'é',
  '🐘',
  '\u0001',
  '\u2028',
  '#',
];
let seed = 20_261_122;

/** The same texts in each run: what fails can be seen again. */
function randomText(): string {
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  return Array.from({ length: next(12) }, () => alphabet[next(alphabet.length)] ?? '').join('');
}
