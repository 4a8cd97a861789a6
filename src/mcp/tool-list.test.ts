import assert from 'node:assert/strict';

import { resolve } from 'node:path';

import { encode } from 'gpt-tokenizer/encoding/o200k_base';

import { buildModel, readSources, type Sources } from '../codegen/index.ts';
import { isJsonObject } from '../shared/json.ts';
import { generatedTools } from '../testing/mcp-server.ts';
import { createToolShelf } from './tool-list.ts';

const MAX_MAIN_TOKENS = 600;

describe('the published tool lists', () => {
  const shelf = createToolShelf(generatedTools);
  const writer = new Set(['mcp:write'] as const);

  it(`cost at most ${MAX_MAIN_TOKENS} tokens for the five tools`, () => {
    const tokens = encode(JSON.stringify({ tools: shelf.list('MAIN', writer) })).length;
    assert.ok(tokens <= MAX_MAIN_TOKENS, `${tokens} tokens`);
  });

  it('do not grow by one token when a provider of 1,501 types is catalogued', () => {
    const sources = readSources(resolve(import.meta.dirname, '../..'));
    const before = buildModel(sources);
    const after = buildModel(withProvider(sources, 1_501));
    assert.equal(after.catalog.types.length - before.catalog.types.length, 1_501);
    assert.deepEqual(after.tools, before.tools);
  }).timeout(60_000);

  for (const endpoint of ['MAIN', 'INTENT'] as const) {
    it(`are flat objects without combinators or references on ${endpoint}`, () => {
      for (const tool of shelf.list(endpoint, writer)) {
        for (const schema of [tool.inputSchema, tool.outputSchema ?? { type: 'object' }]) {
          assert.equal(schema.type, 'object', tool.name);
          for (const word of ['oneOf', 'anyOf', 'allOf', '$ref', 'not'])
            assert.ok(!(word in schema), `${tool.name}: ${word}`);
        }
        assert.ok(!JSON.stringify(tool).includes('$ref'), tool.name);
      }
    });
  }

  it('say of each tool whether it only reads and whether it destroys', () => {
    const hints = Object.fromEntries(
      generatedTools.map(({ endpoint, name, annotations: { readOnlyHint, destructiveHint } }) => [
        `${endpoint} ${name}`,
        readOnlyHint ? 'reads' : destructiveHint ? 'destroys' : 'writes',
      ]),
    );
    assert.deepEqual(hints, pinnedHints);
  });

  it('take the token wherever their words promise to ask for it', () => {
    const promising = shelf
      .list('INTENT', writer)
      .filter(({ description }) => /as `confirmation`/.test(description ?? ''));
    assert.ok(promising.length >= 10);
    for (const { name, inputSchema } of promising) {
      const properties = inputSchema['properties'];
      assert.ok(isJsonObject(properties) && 'confirmation' in properties, name);
    }
  });

  it('publish the hints that matter on the main endpoint', () => {
    const annotations = Object.fromEntries(shelf.list('MAIN', writer).map((tool) => [tool.name, tool.annotations]));
    assert.deepEqual(annotations, {
      discover: { readOnlyHint: true, openWorldHint: false },
      provider: { readOnlyHint: true, openWorldHint: false },
      query: { readOnlyHint: true, openWorldHint: false },
      mutate: { readOnlyHint: false, destructiveHint: true },
      intent: { readOnlyHint: false, destructiveHint: true },
    });
  });

  it('name the kinds of the umbrella tools in lower case, as clients send them', () => {
    const kinds = Object.fromEntries(
      shelf.list('MAIN', writer).map(({ name, inputSchema: { properties } }) => {
        const kind = isJsonObject(properties) ? properties['kind'] : undefined;
        return [name, isJsonObject(kind) ? kind['enum'] : undefined];
      }),
    );
    assert.deepEqual(kinds, pinnedKinds);
  });
});

function withProvider(sources: Sources, types: number): Sources {
  const attributes = [{ name: 'name', type: 'string', required: true, description: 'Name of it.' }];
  const schema = { version: 0, block: { attributes, blocks: [], description: 'Something big.' } };
  const names = Array.from({ length: types }, (_, at) => `big_thing${at}`);
  const resources = Object.fromEntries(names.map((name) => [name, schema]));
  const text = JSON.stringify({ provider: 'acme/big', version: '1.0.0', resources, dataSources: {} });
  const entry = 'providers:\n  - source: acme/big\n    version: ~> 1.0\n    resources: ["*"]\n    dataSources: []\n';
  const { catalog } = sources;
  assert.ok(catalog);
  return {
    ...sources,
    catalog: { ...catalog, text: catalog.text.replace('providers:\n', entry) },
    snapshots: [...sources.snapshots, { path: 'schema/providers/acme-big.json', text }],
  };
}

const pinnedKinds = {
  discover: ['queries', 'mutations', 'type', 'search', 'tool', 'auth'],
  query: undefined,
  mutate: undefined,
  provider: ['search', 'provider', 'resource', 'dataSource'],
  intent: [
    'create',
    'update',
    'delete',
    'plan',
    'apply',
    'refresh',
    'import',
    'resume',
    'rollback',
    'export',
    'read',
    'status',
    'list',
    'history',
    'projects',
    'project-create',
    'use',
    'unlock',
    'data',
    'eject',
    'depend',
    'undepend',
    'cancel',
  ],
};

const pinnedHints = {
  'MAIN discover': 'reads',
  'MAIN intent': 'destroys',
  'MAIN mutate': 'destroys',
  'MAIN provider': 'reads',
  'MAIN query': 'reads',
  'INTENT cloud-integration-list': 'reads',
  'INTENT lifecycle-changes-apply': 'destroys',
  'INTENT lifecycle-changes-cancel': 'writes',
  'INTENT lifecycle-changes-get': 'reads',
  'INTENT lifecycle-changes-plan': 'writes',
  'INTENT lifecycle-changes-resume': 'destroys',
  'INTENT lifecycle-datasources-read': 'reads',
  'INTENT lifecycle-resources-cancel': 'writes',
  'INTENT lifecycle-resources-create': 'writes',
  'INTENT lifecycle-resources-delete': 'destroys',
  'INTENT lifecycle-resources-dependencies-add': 'writes',
  'INTENT lifecycle-resources-dependencies-get': 'reads',
  'INTENT lifecycle-resources-dependencies-remove': 'destroys',
  'INTENT lifecycle-resources-import': 'writes',
  'INTENT lifecycle-resources-operations': 'reads',
  'INTENT lifecycle-resources-receipt': 'reads',
  'INTENT lifecycle-resources-refresh': 'writes',
  'INTENT lifecycle-resources-resume': 'destroys',
  'INTENT lifecycle-resources-rollback': 'destroys',
  'INTENT lifecycle-resources-status': 'reads',
  'INTENT lifecycle-resources-update': 'destroys',
  'INTENT policy-create': 'writes',
  'INTENT policy-delete': 'destroys',
  'INTENT policy-dry-run': 'reads',
  'INTENT policy-get': 'reads',
  'INTENT policy-input-schema': 'reads',
  'INTENT policy-list': 'reads',
  'INTENT policy-samples': 'reads',
  'INTENT policy-simulate': 'writes',
  'INTENT policy-update': 'destroys',
  'INTENT project-cloud-attach': 'writes',
  'INTENT project-cloud-detach': 'destroys',
  'INTENT project-config-add': 'writes',
  'INTENT project-config-delete': 'destroys',
  'INTENT project-config-list': 'reads',
  'INTENT project-config-update': 'destroys',
  'INTENT project-create': 'writes',
  'INTENT project-current': 'reads',
  'INTENT project-delete': 'destroys',
  'INTENT project-describe': 'reads',
  'INTENT project-disable': 'writes',
  'INTENT project-drift-check': 'writes',
  'INTENT project-enable': 'writes',
  'INTENT project-export': 'reads',
  'INTENT project-list': 'reads',
  'INTENT project-log': 'reads',
  'INTENT project-policy-attach': 'writes',
  'INTENT project-policy-detach': 'destroys',
  'INTENT project-refresh': 'writes',
  'INTENT project-unlock': 'writes',
  'INTENT project-update': 'destroys',
  'INTENT project-use': 'writes',
  'INTENT provider-config-delete': 'destroys',
  'INTENT provider-config-set': 'destroys',
  'INTENT provider-datasources-describe': 'reads',
  'INTENT provider-describe': 'reads',
  'INTENT provider-docs': 'reads',
  'INTENT provider-docs-search': 'reads',
  'INTENT provider-resources-describe': 'reads',
  'INTENT provider-search': 'reads',
  'INTENT space-list': 'reads',
  'INTENT state-eject': 'destroys',
  'INTENT state-get': 'reads',
  'INTENT state-list': 'reads',
  'INTENT state-timeline': 'reads',
};
