import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { makeExecutableSchema } from '@graphql-tools/schema';
import { graphql } from 'graphql';

import { catalogMutations } from '../../generated/catalog.ts';
import { isJsonObject } from '../shared/json.ts';
import { catalogMutationResolvers, catalogOperationResolvers } from './catalog.ts';
import { Decimal, JsonScalar } from './scalars.ts';

const typeDefs = readFileSync(resolve(import.meta.dirname, '../../generated/schema.graphql'), 'utf8');
const schema = makeExecutableSchema({
  typeDefs,
  resolvers: { Mutation: catalogMutationResolvers, ...catalogOperationResolvers, Decimal, JSON: JsonScalar },
});

/** The configuration of a recorded call as plain JSON; GraphQL's own objects have no prototype. */
function configOf(call: unknown): unknown {
  const plain: unknown = JSON.parse(JSON.stringify(call));
  return isJsonObject(plain) ? plain['config'] : undefined;
}

describe('typed mutations of catalogued types', () => {
  let calls: unknown[];
  const intent = {
    createResource: async (_context: unknown, args: object) => {
      calls.push(args);
      return {
        id: 'op',
        state: { id: 'x', length: 20, min_lower: 2, secret_result: null, keepers: { min_lower: 'kept' } },
      };
    },
    updateResource: async (_context: unknown, args: object) => {
      calls.push(args);
      return { id: 'op', state: null };
    },
  };
  beforeEach(() => {
    calls = [];
  });

  async function run(source: string, variableValues: Record<string, unknown> = {}): Promise<unknown> {
    const result = await graphql({ schema, source, variableValues, contextValue: { intent } });
    return JSON.parse(JSON.stringify(result));
  }

  it('are the generic one with provider, type, version and names put back', async () => {
    const result = await run(
      `mutation ($config: SandboxStringInput!) {
      intentSandboxStringCreate(intentProject: "p", resourceID: "s", providerAlias: "west", wait: 5, lockWait: 3, config: $config) {
        operation { id } resource { id length minLower secretResult keepers }
      }
    }`,
      { config: { length: 20, minLower: 2, keepers: { min_lower: 'kept' } } },
    );
    assert.deepEqual(JSON.parse(JSON.stringify(calls)), [
      {
        intentProject: 'p',
        resourceID: 's',
        providerAlias: 'west',
        wait: 5,
        lockWait: 3,
        provider: 'sluice/sandbox',
        type: 'sandbox_string',
        version: '0.1.0',
        config: { length: 20, min_lower: 2, keepers: { min_lower: 'kept' } },
      },
    ]);
    assert.deepEqual(result, {
      data: {
        intentSandboxStringCreate: {
          operation: { id: 'op' },
          resource: { id: 'x', length: 20, minLower: 2, secretResult: null, keepers: { min_lower: 'kept' } },
        },
      },
    });
  });

  it('take what the generic one takes, save what their name says already', () => {
    const argumentsOf = (mutation: string) =>
      schema
        .getMutationType()
        ?.getFields()
        [mutation]?.args.map(({ name, type }) => `${name}: ${String(type)}`) ?? [];
    const generic = {
      create: argumentsOf('intentResourceCreate').filter((each) => !/^(provider|type|version|config):/.test(each)),
      update: argumentsOf('intentResourceUpdate').filter((each) => !each.startsWith('config:')),
    };
    assert.ok(Object.keys(catalogMutations).length > 0);
    for (const [name, { verb }] of Object.entries(catalogMutations)) {
      const typed = argumentsOf(name).filter((each) => !each.startsWith('config:'));
      assert.deepEqual(typed.toSorted(), generic[verb].toSorted(), name);
    }
  });

  it('answer with no resource where there is no state', async () => {
    const result = await run(
      'mutation { intentSandboxPetUpdate(intentProject: "p", resourceID: "s", config: {}) { resource { id } } }',
    );
    assert.deepEqual(result, { data: { intentSandboxPetUpdate: { resource: null } } });
    assert.deepEqual(JSON.parse(JSON.stringify(calls)), [{ intentProject: 'p', resourceID: 's', config: {} }]);
  });

  it('hand on every digit of a number', async () => {
    await run(
      'mutation { intentSandboxPetCreate(intentProject: "p", resourceID: "s", config: { length: 12345678901234567890 }) { resource { id } } }',
    );
    assert.deepEqual(configOf(calls[0]), { length: '12345678901234567890' });
  });

  it('refuse what is no number, before anything runs', async () => {
    const result = await run(
      'mutation { intentSandboxPetCreate(intentProject: "p", resourceID: "s", config: { length: true }) { resource { id } } }',
    );
    assert.match(JSON.stringify(result), /must be a number, or the digits of one as text/);
    assert.deepEqual(calls, []);
  });

  it('refuse a JSON literal whose digits would be lost', async () => {
    const result = await run(
      'mutation { intentSandboxPetCreate(intentProject: "p", resourceID: "s", config: { keepers: { a: 12345678901234567890 } }) { resource { id } } }',
    );
    assert.match(JSON.stringify(result), /more digits than a JSON number holds/);
    assert.deepEqual(calls, []);
  });

  it('take JSON literals with variables in them', async () => {
    await run(
      'mutation ($v: JSON) { intentSandboxPetCreate(intentProject: "p", resourceID: "s", config: { keepers: { a: $v, b: [1, 2.50, null, "t"] } }) { resource { id } } }',
      { v: { c: 1 } },
    );
    assert.deepEqual(configOf(calls[0]), { keepers: { a: { c: 1 }, b: [1, 2.5, null, 't'] } });
  });
});
