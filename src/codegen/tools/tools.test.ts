import assert from 'node:assert/strict';
import { resolve } from 'node:path';

import { buildModel } from '../model.ts';
import { readSources } from '../read-sources.ts';
import type { Tool } from './tool.ts';

const { tools } = buildModel(readSources(resolve(import.meta.dirname, '../../..')));

function toolNamed(name: string): Tool {
  const tool = tools.find((candidate) => candidate.name === name);
  assert.ok(tool, `there is a tool ${name}`);
  return tool;
}

describe('tools made from documents', () => {
  it('publishes flat objects: clients drop the whole list over one combinator or reference at the top', () => {
    for (const tool of tools) {
      for (const schema of [tool.inputSchema, tool.outputSchema ?? { type: 'object' }]) {
        assert.equal(schema.type, 'object', tool.name);
        for (const keyword of ['oneOf', 'anyOf', 'allOf', '$ref', 'not', 'if']) {
          assert.equal(keyword in schema, false, `${tool.name} has ${keyword}`);
        }
      }
      assert.equal(tool.inputSchema.additionalProperties, false, tool.name);
      assert.doesNotMatch(JSON.stringify(tool.inputSchema), /\$ref/);
    }
  });

  it('lists five tools at the main endpoint', () => {
    const names = tools.filter((tool) => tool.endpoint === 'MAIN').map((tool) => tool.name);
    assert.deepEqual(names, ['discover', 'intent', 'mutate', 'provider', 'query']);
  });

  it('asks for the strongest scope of its kinds', () => {
    const scopes = Object.fromEntries(tools.map((tool) => [tool.name, tool.scope]));
    assert.equal(scopes['discover'], 'mcp:read');
    assert.equal(scopes['query'], 'mcp:read');
    assert.equal(scopes['mutate'], 'mcp:write');
    assert.equal(scopes['intent'], 'mcp:write');
    assert.equal(scopes['lifecycle-datasources-read'], 'mcp:write');
    assert.equal(scopes['state-get'], 'mcp:read');
  });

  it('never asks the caller for the project, which the session knows', () => {
    const [kind] = toolNamed('state-get').kinds;
    assert.equal(kind?.projectVariable, 'project');
    assert.deepEqual(toolNamed('state-get').inputSchema.required, ['resource_id']);
    assert.equal(toolNamed('project-unlock').kinds[0]?.projectVariable, 'id');
    assert.deepEqual(toolNamed('project-unlock').inputSchema.required, []);
  });

  it('spells enum values in lower case and keys of input objects in snake case, and says how to turn them back', () => {
    const tool = toolNamed('lifecycle-resources-dependencies-add');
    assert.deepEqual(tool.inputSchema.properties?.['dependency_type']?.enum, ['explicit', 'implicit', 'data_source']);
    const mappings = tool.kinds[0]?.variables.find((variable) => variable.name === 'field_mappings');
    assert.deepEqual(mappings?.input, {
      source_field: 'sourceField',
      target_field: 'targetField',
      description: 'description',
    });
  });

  it('takes descriptions of arguments from the argument that the variable feeds', () => {
    assert.equal(
      toolNamed('state-get').inputSchema.properties?.['resource_id']?.description,
      'Id of the resource in the project.',
    );
  });

  it('adds a confirmation where the root field destroys and takes no token itself', () => {
    const properties = toolNamed('project-delete').inputSchema.properties ?? {};
    assert.ok('confirmation' in properties);
    assert.equal(
      toolNamed('project-delete').kinds[0]?.variables.some((variable) => variable.name === 'confirmation'),
      false,
    );
    assert.equal(toolNamed('project-delete').kinds[0]?.destructive, true);
  });

  it('unites the arguments of all kinds and requires only the kind', () => {
    const { inputSchema, kinds } = toolNamed('intent');
    assert.deepEqual(inputSchema.required, ['kind']);
    for (const kind of kinds) {
      for (const name of Object.keys(kind.inputSchema.properties ?? {}))
        assert.ok(name in (inputSchema.properties ?? {}), name);
      assert.deepEqual(kind.inputSchema.properties?.['kind'], { type: 'string', const: kind.kind });
    }
  });

  it('makes documents that stand alone and carry neither @tool nor descriptions', () => {
    const document = toolNamed('state-get').kinds[0]?.document ?? '';
    assert.match(document, /^query StateGet\(\$project:ID!\$resource_id:ID!\)\{intentResource\(/);
    assert.match(document, /fragment Edge on IntentResourceDependency/);
    assert.doesNotMatch(document, /@tool|"/);
  });

  it("has no document where the caller's own takes its place", () => {
    assert.equal(toolNamed('query').kinds[0]?.document, null);
    assert.deepEqual(toolNamed('query').inputSchema.required, ['document']);
  });
});
