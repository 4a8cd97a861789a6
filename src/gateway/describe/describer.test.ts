import assert from 'node:assert/strict';

import { AppError } from '../../shared/errors.ts';
import { silentLogger } from '../../shared/logger.ts';
import { aCaller, access, createResolvers, origin, spaceOf, stranger, typeDefs } from '../../testing/small-api.ts';
import { createGateway, type DescribeRequest } from '../index.ts';

const gateway = createGateway({
  typeDefs,
  resolvers: createResolvers({ calls: [] }),
  access,
  spaceOf,
  contextFor: (caller, from) => ({ caller, origin: from }),
  log: silentLogger,
  discovery: {
    publicUrl: 'https://sluice.example',
    tools: [
      {
        name: 'box',
        endpoint: 'MAIN',
        description: 'Works on boxes.',
        kinds: [
          {
            kind: 'create',
            operation: 'mutation',
            description: 'Makes one.',
            inputSchema: {
              required: ['space'],
              properties: {
                kind: { const: 'create' },
                label: { type: 'string' },
                space: { type: 'string', description: 'Where.' },
              },
            },
          },
          { kind: 'list', operation: 'query' },
        ],
      },
    ],
  },
});
const reader = aCaller(['mcp:read'], { a: ['SPACE_READ'] });
const admin = aCaller(['mcp:write'], { root: ['SPACE_READ', 'SPACE_WRITE', 'SPACE_ADMIN'] });
const text = (request: DescribeRequest, caller = admin): string => gateway.describe(caller, request).text;

function refusal(request: DescribeRequest): AppError {
  try {
    text(request);
  } catch (error) {
    assert.ok(error instanceof AppError);
    return error;
  }
  return assert.fail('it was answered');
}

describe('the description of the API', () => {
  it('lists exactly the operations that introspection shows', async () => {
    for (const caller of [admin, reader, stranger]) {
      const document = '{ __schema { queryType { fields { name } } mutationType { fields { name } } } }';
      const { data } = await gateway.execute({ document, caller, origin, allow: 'query' });
      const shown = [...JSON.stringify(data).matchAll(/"name":"(\w+)"/g)].map(([, name = '']) => name);
      const lines = `${text({ kind: 'QUERIES' }, caller)}\n${text({ kind: 'MUTATIONS' }, caller)}`.split('\n');
      assert.deepEqual(lines.map((line) => /^\w*/.exec(line)?.[0] ?? '').toSorted(), shown.toSorted());
    }
  });

  it('narrows a list by words', () => {
    assert.deepEqual(text({ kind: 'MUTATIONS', search: 'delete' }).split('\n').length, 1);
    assert.match(text({ kind: 'MUTATIONS', search: 'delete' }), /^boxDelete\(id: ID!\): Box!/);
  });

  it('shows what is required and what is the default', () => {
    assert.match(text({ kind: 'TYPE', name: 'Item' }), /weight\(unit: String = "kg"\): Int!/);
    assert.match(text({ kind: 'TYPE', name: 'box' }), /box\(id: ID!\): Box/);
  });

  it('prints types below a type to the depth asked for, each once', () => {
    assert.doesNotMatch(text({ kind: 'TYPE', name: 'Box' }), /type Item/);
    const deep = text({ kind: 'TYPE', name: 'Box', depth: 3 });
    assert.match(deep, /type Item/);
    assert.equal(deep.match(/type Person/g)?.length, 1);
    assert.equal(refusal({ kind: 'TYPE', name: 'Box', depth: 4 }).code, 'BAD_INPUT');
  });

  it('hides from a caller what they may not use', () => {
    assert.match(text({ kind: 'TYPE', name: 'Box' }), /secret/);
    assert.doesNotMatch(text({ kind: 'TYPE', name: 'Box' }, reader), /secret/);
    assert.doesNotMatch(text({ kind: 'SEARCH', search: 'secret box' }, reader), /Box\.secret/);
  });

  it('offers the nearest names for an unknown one', () => {
    assert.match(
      refusal({ kind: 'TYPE', name: 'Persn' }).message,
      /no such type or field: "Persn"; did you mean Person/,
    );
    assert.match(refusal({ kind: 'TOOL', name: 'boxx' }).message, /did you mean box\?/);
    assert.equal(refusal({ kind: 'TYPE' }).code, 'BAD_INPUT');
  });

  it('gives the arguments of a tool by kind, required ones first', () => {
    assert.equal(
      text({ kind: 'TOOL', name: 'box create' }),
      'box (/mcp): Works on boxes. kinds: create, list\nbox kind=create # Makes one.\n  space: string (required) # Where.\n  label: string',
    );
    assert.match(text({ kind: 'TOOL', name: 'box' }), /kind=list/);
  });

  it('tells how to sign in, at this server', () => {
    assert.match(text({ kind: 'AUTH' }), /curl -s https:\/\/sluice\.example\/graphql .*apiKeyUser/);
  });

  it('is cut into pages that together hold everything', () => {
    const wide = createGateway({
      typeDefs: `type Query { ${Array.from({ length: 500 }, (_, at) => `field${at}(argument: String): String`).join(' ')} }`,
      resolvers: {},
      access: {
        typeAccess: {},
        fieldAccess: Object.fromEntries(
          Array.from({ length: 500 }, (_, at) => [
            `Query.field${at}`,
            { public: true, scopes: [], actions: [], destructive: false },
          ]),
        ),
      },
      spaceOf: {},
      contextFor: (caller, from) => ({ caller, origin: from }),
      log: silentLogger,
    });
    const lines: string[] = [];
    let cursor: string | null = null;
    do {
      const page = wide.describe(admin, { kind: 'QUERIES', cursor });
      assert.ok(page.text.length <= 5_000);
      assert.equal(page.total, 500);
      lines.push(...page.text.split('\n'));
      cursor = page.cursor;
    } while (cursor !== null);
    assert.equal(new Set(lines).size, 500);
    assert.throws(() => wide.describe(admin, { kind: 'QUERIES', cursor: '9999' }), /cursor: give back/);
  });
});
