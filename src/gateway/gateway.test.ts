import assert from 'node:assert/strict';

import type { Caller } from '../shared/caller.ts';
import type { Json, JsonObject } from '../shared/json.ts';
import { type Logger, silentLogger } from '../shared/logger.ts';
import { aCaller, access, createResolvers, origin, spaceOf, stranger, typeDefs } from '../testing/small-api.ts';
import { answerText, createGateway, type GatewayRequest, plainAnswerText, type Refusal } from './index.ts';

const journal = { calls: [] as string[] };
const refusals: Refusal[] = [];
const logged: object[] = [];
const log: Logger = { ...silentLogger, error: (details) => void logged.push(details) };
const gateway = createGateway({
  typeDefs,
  resolvers: createResolvers(journal),
  access,
  spaceOf,
  contextFor: (caller, from) => ({ caller, origin: from }),
  log,
  onRefusal: (refusal) => refusals.push(refusal),
});

const reader = aCaller(['mcp:read'], { a: ['SPACE_READ'] });
const writer = aCaller(['mcp:write'], { a: ['SPACE_READ', 'SPACE_WRITE'], b: ['SPACE_READ'] });
const admin = aCaller(['mcp:write'], {
  root: ['SPACE_READ', 'SPACE_WRITE', 'SPACE_ADMIN'],
  a: ['SPACE_READ', 'SPACE_WRITE', 'SPACE_ADMIN'],
  b: ['SPACE_READ'],
});

beforeEach(() => {
  journal.calls.length = 0;
  refusals.length = 0;
  logged.length = 0;
});

function run(caller: Caller, document: string, more: Partial<GatewayRequest> = {}) {
  return gateway.execute({ document, caller, origin, allow: 'any', ...more });
}

/** Three runs: interpreted, compiled, and from the cache. All must answer alike. */
async function answer(caller: Caller, document: string, variables?: JsonObject): Promise<unknown> {
  const answers: unknown[] = [];
  for (let turn = 0; turn < 3; turn++) answers.push(JSON.parse(answerText(await run(caller, document, { variables }))));
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
  return answers[0];
}

async function codes(caller: Caller, document: string, variables?: JsonObject): Promise<string[]> {
  const { errors } = await run(caller, document, { variables });
  return errors.map(({ extensions }) => extensions.code);
}

describe('the gateway, before anything runs', () => {
  it('asks a stranger to sign in', async () => {
    const { errors, data } = await run(stranger, '{ boxes { id } }');
    assert.equal(data, undefined);
    assert.match(errors[0]?.message ?? '', /^unauthorized: .*Authorization: Bearer/);
    assert.deepEqual(await codes(stranger, '{ boxes { id } }'), ['UNAUTHENTICATED']);
  });

  it('tells a stranger nothing of what exists', async () => {
    const hidden = answerText(await run(stranger, '{ boxes { id } }'));
    assert.equal(answerText(await run(stranger, '{ boxen { id } }')), hidden);
    assert.equal(answerText(await run(stranger, '{ me { ... on Crate { id } } }')), hidden);
  });

  it('answers null to a stranger where an open field returns what is not open', async () => {
    assert.deepEqual(await answer(stranger, '{ me { id name } facts { version } }'), {
      data: { me: null, facts: { version: '1' } },
    });
  });

  it('names the scope that a token lacks', async () => {
    const { errors } = await run(reader, 'mutation { boxUpdate(id: "box-a") { id } }');
    assert.equal(errors[0]?.message, 'unauthorized: Mutation.boxUpdate needs a token with the scope mcp:write');
    assert.equal(errors[0]?.extensions.code, 'INSUFFICIENT_SCOPE');
  });

  for (const [what, text] of [
    ['a NUL character', 'a\0b'],
    ['half of a surrogate pair', 'a\ud800b'],
  ] as const) {
    it(`refuses ${what} in a variable, naming its path, and runs nothing`, async () => {
      const refused = async (json: Json): Promise<string | undefined> => {
        const { errors } = await run(writer, 'query ($json: JSON) { echo(json: $json) }', { variables: { json } });
        assert.deepEqual(
          errors.map(({ extensions }) => extensions.code),
          ['BAD_INPUT'],
        );
        return errors[0]?.message;
      };
      assert.match((await refused(text)) ?? '', /^variables\.json holds a NUL/);
      assert.match(
        (await refused({ list: ['fine', { deep: text }] })) ?? '',
        /^variables\.json\.list\[1\]\.deep holds/,
      );
      assert.match((await refused({ inner: { [text]: 1 } })) ?? '', /^variables\.json\.inner: a name in it holds/);
      assert.deepEqual(journal.calls, []);
    });
  }

  it('refuses a NUL character in a literal, naming the argument, however often it is sent', async () => {
    for (const [document, told] of [
      ['{ echo(text: "a\\u0000") }', /^document: the argument text holds/],
      ['{ echo(json: { list: ["a\\u0000"] }) }', /^document: the argument json holds/],
      ['query ($text: String = "\\u0000") { echo(text: $text) }', /^document: the default of \$text holds/],
    ] as const) {
      for (let turn = 0; turn < 3; turn += 1) {
        const { errors } = await run(writer, document);
        assert.equal(errors[0]?.extensions.code, 'BAD_INPUT');
        assert.match(errors[0]?.message ?? '', told);
      }
    }
    assert.deepEqual(journal.calls, []);
  });

  it('takes whole surrogate pairs', async () => {
    const document = 'query ($json: JSON) { echo(json: $json) }';
    assert.deepEqual(await answer(writer, document, { json: { '\u{1f600}': '\u{1f600}' } }), {
      data: { echo: { json: { '\u{1f600}': '\u{1f600}' } } },
    });
  });

  it('takes mcp:write for mcp:read', async () => {
    assert.deepEqual(await codes(writer, '{ boxes { id } }'), []);
  });

  it('names the field and the action that the caller holds nowhere, and runs nothing', async () => {
    const { errors } = await run(writer, '{ boxes { id } box(id: "box-a") { secret } }');
    assert.equal(
      errors[0]?.message,
      'unauthorized: Box.secret needs the action SPACE_ADMIN, which you hold in no space',
    );
    assert.deepEqual(journal.calls, []);
    assert.deepEqual(
      refusals.map(({ code, field, action }) => ({ code, field, action })),
      [{ code: 'FORBIDDEN', field: 'Box.secret', action: 'SPACE_ADMIN' }],
    );
  });

  for (const [route, document] of [
    ['an alias', '{ boxes { id: secret } }'],
    ['a fragment', '{ boxes { ...F } } fragment F on Box { secret }'],
    ['a nested fragment', '{ boxes { ...F } } fragment F on Box { ...G } fragment G on Box { secret }'],
    ['an inline fragment', '{ boxes { ... { ... on Box { secret } } } }'],
    ['an interface', '{ node(id: "box-a") { id ... on Box { secret } } }'],
    ['a union', '{ find { ... on Box { secret } } }'],
    ['a true @include', '{ boxes { secret @include(if: true) } }'],
    ['a false @skip', '{ boxes { secret @skip(if: false) } }'],
  ] as const) {
    it(`sees a field through ${route}`, async () => {
      assert.deepEqual(await codes(writer, document), ['FORBIDDEN']);
      assert.deepEqual(journal.calls, []);
    });
  }

  it('asks nothing for a field that @skip or @include leaves out', async () => {
    assert.deepEqual(await codes(writer, '{ boxes { id secret @skip(if: true) } }'), []);
    const document = 'query ($all: Boolean!) { boxes { id ... @include(if: $all) { secret } } }';
    assert.deepEqual(await codes(writer, document, { all: false }), []);
    assert.deepEqual(await codes(writer, document, { all: true }), ['FORBIDDEN']);
  });

  it('judges only the operation that is asked for', async () => {
    const document = 'query A { boxes { id } } query B { boxes { secret } }';
    assert.deepEqual((await run(writer, document, { operationName: 'A' })).errors, []);
    assert.equal((await run(writer, document, { operationName: 'B' })).errors[0]?.extensions.code, 'FORBIDDEN');
  });

  it('refuses a mutation where only queries are read', async () => {
    const { errors } = await run(admin, 'mutation { boxUpdate(id: "box-a") { id } }', { allow: 'query' });
    assert.equal(errors[0]?.extensions.code, 'BAD_INPUT');
    assert.deepEqual(journal.calls, []);
  });

  it('does not start with a field that no row covers', () => {
    const { 'Box.label': _, ...fieldAccess } = access.fieldAccess;
    assert.throws(
      () =>
        createGateway({
          typeDefs,
          resolvers: {},
          access: { ...access, fieldAccess },
          spaceOf,
          contextFor: (caller, from) => ({ caller, origin: from }),
          log,
        }),
      /no access rule covers Box\.label/,
    );
  });
});

describe('the guards round the resolvers', () => {
  it('answer alike for an object that is missing and one that may not be read', async () => {
    assert.deepEqual(await answer(reader, '{ box(id: "box-b") { id } }'), { data: { box: null } });
    assert.deepEqual(await answer(reader, '{ box(id: "box-none") { id } }'), { data: { box: null } });
    assert.deepEqual(journal.calls, []);
  });

  it('answer NO_SUCH in mutations and where null cannot stand', async () => {
    for (const document of ['mutation { boxUpdate(id: "box-c") { id } }', '{ strictBox(id: "box-c") { id } }']) {
      const { errors } = await run(writer, document);
      assert.equal(errors[0]?.message, 'no such box: "box-c"');
      assert.equal(errors[0]?.extensions.code, 'NO_SUCH');
    }
    assert.equal(
      (await run(writer, 'mutation { boxUpdate(id: "none") { id } }')).errors[0]?.message,
      'no such box: "none"',
    );
  });

  it('say which action is missing where the object may be seen', async () => {
    const { errors } = await run(writer, 'mutation { boxUpdate(id: "box-b") { id } }');
    assert.equal(
      errors[0]?.message,
      'unauthorized: Mutation.boxUpdate needs the action SPACE_WRITE, which you do not hold in the space "b"',
    );
    assert.deepEqual(journal.calls, []);
  });

  it('refuse a field of one object and leave the others', async () => {
    const result = await run(admin, '{ boxes { id secret } }');
    assert.deepEqual(
      result.errors.map(({ path, extensions }) => [path, extensions.code]),
      [[['boxes', 1, 'secret'], 'FORBIDDEN']],
    );
  });

  it('take an absent space argument as root, or as nothing where it is optional', async () => {
    for (const given of ['', '(space: null)', '(space: "")']) {
      assert.deepEqual(await codes(reader, `{ boxesIn${given} { id } }`), ['NO_SUCH'], given);
      assert.deepEqual(await codes(reader, `{ boxesMaybeIn${given} { id } }`), [], given);
      assert.deepEqual(await codes(admin, `{ boxesIn${given} { id } }`), [], given);
    }
    assert.deepEqual(await codes(reader, '{ boxesMaybeIn(space: "b") { id } }'), ['NO_SUCH']);
  });

  it('let a mutation answer with what it has just made, in a space newer than the grants', async () => {
    assert.deepEqual(await answer(writer, 'mutation { boxCreate(space: "a", label: "new") { id space label } }'), {
      data: { boxCreate: { id: 'box-new', space: 'a-new', label: 'new' } },
    });
  });

  it('hide an object behind an interface that may not be read', async () => {
    assert.deepEqual(await answer(reader, '{ node(id: "box-b") { __typename id } }'), { data: { node: null } });
    assert.deepEqual(await answer(reader, '{ node(id: "person-1") { __typename id } }'), {
      data: { node: { __typename: 'Person', id: 'person-1' } },
    });
  });

  it('tell no id of an object that the caller did not name and may not read', async () => {
    const { errors } = await run(reader, '{ strictNode { id } }');
    assert.deepEqual([errors[0]?.extensions.code, errors[0]?.message], ['NO_SUCH', 'no such node']);
    assert.doesNotMatch(JSON.stringify(errors), /box-b/);
  });

  it('fail closed on a list that its resolver forgot to narrow', async () => {
    const { data, errors } = await run(reader, '{ leak { id } }');
    assert.equal(data, null);
    assert.deepEqual(
      errors.map(({ extensions }) => extensions.code),
      ['INTERNAL'],
    );
  });
});

describe('errors', () => {
  it('that are expected keep their message, code and particulars', async () => {
    assert.deepEqual(await answer(reader, '{ fails }'), {
      errors: [
        {
          message: 'fails: it is locked; wait',
          path: ['fails'],
          locations: [{ line: 1, column: 3 }],
          extensions: { holder: 'bob', code: 'CONFLICT' },
        },
      ],
      data: { fails: null },
    });
  });

  it('that are not become INTERNAL, and the log has the cause once', async () => {
    const outcome = await run(reader, '{ failsOddly }');
    assert.equal(outcome.errors[0]?.message, 'internal error; the log has it under request-1');
    assert.doesNotMatch(answerText(outcome), /hunter2/);
    assert.equal(logged.length, 1);
    assert.match(String(Reflect.get(logged[0] ?? {}, 'err')), /hunter2/);
  });

  it('are messages only for clients that print everything else', async () => {
    assert.equal(
      plainAnswerText(await run(reader, '{ fails }')),
      '{"errors":[{"message":"fails: it is locked; wait"}],"data":{"fails":null}}',
    );
  });

  it('of a document carry their places', async () => {
    const { errors, data } = await run(reader, '{ boxes { idd } }');
    assert.equal(data, undefined);
    assert.deepEqual(errors[0]?.locations, [{ line: 1, column: 11 }]);
    assert.match(errors[0]?.message ?? '', /Did you mean "id"/);
  });

  it('of variables name the variable', async () => {
    const { errors } = await run(reader, 'query ($id: ID!) { box(id: $id) { id } }', { variables: { id: {} } });
    assert.match(errors[0]?.message ?? '', /\$id/);
    assert.equal(errors[0]?.extensions.code, 'BAD_INPUT');
  });
});

describe('documents', () => {
  it('may have empty argument lists outside of strings', async () => {
    assert.deepEqual(await answer(reader, '{boxes(){id,label( )}}'), {
      data: { boxes: [{ id: 'box-a', label: 'Box of a' }] },
    });
    assert.deepEqual(await answer(reader, '{boxes(){id} echo(text: "f() # (")}'), {
      data: { boxes: [{ id: 'box-a' }], echo: { text: 'f() # (' } },
    });
  });

  it('hand literals over as data, never as code or prototypes', async () => {
    const bait = '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74d0),x:(globalThis.pwned=1';
    const document = `{ echo(json: {__proto__: {admin: true}, text: "${bait}"}) }`;
    const text = JSON.stringify(await answer(reader, document));
    assert.equal(text, `{"data":{"echo":{"json":{"__proto__":{"admin":true},"text":"${bait}"}}}}`);
    assert.equal(Reflect.get(globalThis, 'pwned'), undefined);
  });

  for (const [what, document] of [
    ['tokens', `{ boxes { ${'id '.repeat(2_100)} } }`],
    ['levels of fields', `${'{ a'.repeat(13)}${' }'.repeat(13)}`],
    ['aliases', `{ boxes { ${Array.from({ length: 31 }, (_, at) => `a${at}: id`).join(' ')} } }`],
    ['root fields', `{ ${'me { id } '.repeat(21)} }`],
    ['directives', `{ boxes { ${'id @skip(if: false) '.repeat(51)} } }`],
    ['levels of introspection', `{ __schema { ${'types { '.repeat(21)} name ${'} '.repeat(21)} } }`],
  ] as const) {
    it(`may not have too many ${what}`, async () => {
      const { errors } = await run(reader, document);
      assert.equal(errors[0]?.extensions.code, 'LIMIT_EXCEEDED');
      assert.match(errors[0]?.message ?? '', new RegExp(`too many ${what}`));
    });
  }

  it('may not be nested without end, in literals, in variables or in brackets', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    for (const [document, variables] of [
      [`{ echo(json: ${nested(102)}) }`, undefined],
      ['query ($json: JSON) { echo(json: $json) }', { json: JSON.parse(nested(102)) as Json }],
      [`{ echo(json: ${'['.repeat(50_000)}`, undefined],
    ] as const) {
      const { errors } = await run(reader, document, { variables });
      assert.deepEqual(
        errors.map(({ extensions }) => extensions.code),
        ['LIMIT_EXCEEDED'],
        document.slice(0, 50),
      );
    }
    const document = 'query ($json: JSON) { echo(json: $json) }';
    assert.deepEqual(await codes(reader, document, { json: JSON.parse(nested(90)) as Json }), []);
  });

  it('are told what is wrong with them at no greater length than they need', async () => {
    const { errors } = await run(reader, `{ ${'a'.repeat(50_000)} }`);
    assert.ok((errors[0]?.message.length ?? 0) < 1_100);
  });

  it('may not multiply their fields by fragments', async () => {
    const names = Array.from({ length: 11 }, (_, at) => `F${at}`);
    const doubling = names.map((name, at) =>
      at === 10
        ? `fragment ${name} on Node { id }`
        : `fragment ${name} on Node { ...F${at + 1} ... { ...F${at + 1} } }`,
    );
    const { errors } = await run(reader, `{ node(id: "box-a") { ...F0 ...F0 ...F0 ...F0 } } ${doubling.join(' ')}`);
    assert.match(errors[0]?.message ?? '', /too many fields/);
  });
});

describe('views', () => {
  const names = async (caller: Caller, document: string): Promise<unknown> => {
    const { data, errors } = await run(caller, document);
    assert.deepEqual(errors, []);
    return JSON.parse(JSON.stringify(data)) as unknown;
  };

  it('show each caller what they may use', async () => {
    const fieldsOfBox = '{ __type(name: "Box") { fields { name } } }';
    const seen = JSON.stringify(await names(reader, fieldsOfBox));
    assert.match(seen, /label/);
    assert.doesNotMatch(seen, /secret/);
    assert.match(JSON.stringify(await names(admin, fieldsOfBox)), /secret/);
  });

  it('drop an empty root and keep the enum Action', async () => {
    assert.deepEqual(await names(reader, '{ __schema { mutationType { name } } }'), {
      __schema: { mutationType: { name: 'Mutation' } }, // login is open to all
    });
    assert.deepEqual(await names(stranger, '{ __type(name: "Action") { name } __schema { queryType { name } } }'), {
      __type: { name: 'Action' },
      __schema: { queryType: { name: 'Query' } },
    });
  });

  it('show a stranger what is open only', async () => {
    assert.deepEqual(
      await names(stranger, '{ __type(name: "Query") { fields { name } } box: __type(name: "Box") { name } }'),
      {
        __type: { fields: [{ name: 'me' }, { name: 'facts' }] },
        box: null,
      },
    );
  });

  it('let data be read beside the schema, under the same guards', async () => {
    assert.deepEqual(await names(reader, '{ __typename __schema { queryType { name } } box(id: "box-b") { id } }'), {
      __typename: 'Query',
      __schema: { queryType: { name: 'Query' } },
      box: null,
    });
  });
});

describe('destructive mutations', () => {
  const document = 'mutation { boxDelete(id: "box-a") { id } }';
  const ask = async (token?: string, caller = admin, text = document) =>
    (await run(caller, text, { confirmDestructive: { token } })).errors[0]?.extensions;

  it('are told apart from the others', () => {
    assert.deepEqual(gateway.destructiveFields(document), ['boxDelete']);
    assert.deepEqual(gateway.destructiveFields('mutation { boxUpdate(id: "box-a") { id } }'), []);
  });

  it('act on the second call, once', async () => {
    const first = await ask();
    assert.equal(first?.code, 'CONFIRMATION_REQUIRED');
    assert.equal(first?.['summary'], 'boxDelete(id: "box-a") cannot be undone.');
    assert.deepEqual(journal.calls, []);
    const token = String(first?.['confirmation']);
    assert.equal(await ask(token), undefined);
    assert.deepEqual(journal.calls, ['boxDelete']);
    assert.equal((await ask(token))?.code, 'CONFIRMATION_REQUIRED');
  });

  it('take no confirmation of another document, of another caller, or altered', async () => {
    const token = String((await ask())?.['confirmation']);
    const other = { ...admin, session: 'session-2' };
    assert.equal((await ask(token, admin, document.replace('box-a', 'box-root')))?.code, 'CONFIRMATION_REQUIRED');
    assert.equal((await ask(token, other))?.code, 'CONFIRMATION_REQUIRED');
    assert.equal((await ask(token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))))?.code, 'CONFIRMATION_REQUIRED');
    assert.deepEqual(journal.calls, []);
  });

  it('are told with their arguments, wherever these were written', async () => {
    const summaryOf = async (text: string, variables: JsonObject = {}) =>
      (await run(admin, text, { variables, confirmDestructive: { token: undefined } })).errors[0]?.extensions?.[
        'summary'
      ];
    const byVariable = 'mutation($id: ID!) { boxUpdate(id: "box-a") { id } boxDelete(id: $id) { id } }';
    assert.equal(await summaryOf(byVariable, { id: 'box-root' }), 'boxDelete(id: "box-root") cannot be undone.');
    const byFragment = 'mutation { ...F } fragment F on Mutation { boxDelete(id: "box-a") { id } }';
    assert.equal(await summaryOf(byFragment), 'boxDelete cannot be undone.');
  });

  it('run at once for clients that confirm in their own way', async () => {
    assert.deepEqual((await run(admin, document)).errors, []);
  });
});
