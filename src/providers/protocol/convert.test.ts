import assert from 'node:assert/strict';

import { convertDeferral, convertDiagnostics, convertPath } from './convert-diagnostics.ts';
import { convertBlock, convertCapabilities, convertIdentity, convertSchema } from './convert-schema.ts';
import type { WireAttribute, WireBlock, WireDiagnostic } from './messages.ts';

const attribute = (name: string, type: string, more: Partial<WireAttribute> = {}): WireAttribute => ({
  name,
  type: Buffer.from(type),
  description: '',
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  deprecated: false,
  write_only: false,
  ...more,
});
const block = (more: Partial<WireBlock> = {}): WireBlock => ({
  attributes: [],
  block_types: [],
  description: '',
  deprecated: false,
  ...more,
});

describe('diagnostics of a provider', () => {
  const diagnostic = (more: Partial<WireDiagnostic> = {}): WireDiagnostic => ({
    severity: 'ERROR',
    summary: 's',
    detail: 'd',
    attribute: null,
    ...more,
  });

  it('keep names, indexes and keys of their path', () => {
    const steps = [
      { selector: 'attribute_name', attribute_name: 'rules' },
      { selector: 'element_key_int', element_key_int: '2' },
      { selector: 'attribute_name', attribute_name: 'tags' },
      { selector: 'element_key_string', element_key_string: '' },
    ] as const;
    assert.deepEqual(convertPath({ steps }), ['rules', 2, 'tags', '']);
  });

  it('are errors unless they say that they are warnings', () => {
    const all = (['ERROR', 'WARNING', 'INVALID'] as const).map((severity) => diagnostic({ severity }));
    assert.deepEqual(
      convertDiagnostics(all).map(({ severity }) => severity),
      ['error', 'warning', 'error'],
    );
  });

  it('end their path where no schema goes on', () => {
    const steps = Array.from({ length: 1_000 }, () => ({ selector: 'attribute_name', attribute_name: 'a' }) as const);
    assert.equal(convertPath({ steps }).length, 32);
  });

  it('say that something was put off, for whatever reason', () => {
    assert.match(convertDeferral({ reason: 'ABSENT_PREREQ' })[0]?.detail ?? '', /waits for something/);
    assert.match(convertDeferral({ reason: 17 as never })[0]?.detail ?? '', /^it does not say what it waits for/);
  });

  it('are cut in number and length', () => {
    const flood = Array.from({ length: 1_000 }, () => diagnostic({ detail: 'x'.repeat(100_000) }));
    const problems = convertDiagnostics(flood);
    assert.equal(problems.length, 100);
    assert.equal(problems[0]?.detail, `${'x'.repeat(8_000)}…`);
  });
});

describe('schema of a provider', () => {
  it('gives an attribute with attributes of its own the type they imply', () => {
    const nested = { nesting: 'SET', attributes: [attribute('a', '"string"')] } as const;
    const { attributes } = convertBlock(block({ attributes: [attribute('x', '', { nested_type: nested })] }));
    assert.deepEqual(attributes[0]?.type, { set: { object: { a: 'string' } } });
    assert.equal(attributes[0]?.nested?.nesting, 'SET');
  });

  it('keeps flags, limits and versions', () => {
    const inner = { type_name: 'b', block: block(), nesting: 'LIST', min_items: '1', max_items: '3' } as const;
    const wire = block({
      attributes: [attribute('s', '["map","bool"]', { sensitive: true, write_only: true })],
      block_types: [inner],
    });
    const { version, block: converted } = convertSchema({ version: '3', block: wire });
    assert.equal(version, 3);
    assert.deepEqual([converted.attributes[0]?.sensitive, converted.attributes[0]?.writeOnly], [true, true]);
    assert.deepEqual([converted.blocks[0]?.minItems, converted.blocks[0]?.maxItems], [1, 3]);
  });

  it('is empty for a provider that has no configuration, and promises nothing unsaid', () => {
    assert.deepEqual(convertBlock(null).attributes, []);
    assert.deepEqual(convertCapabilities(null), { planDestroy: false, schemaOptional: false, moveState: false });
  });

  it('is refused when it cannot be understood', () => {
    const cases: readonly (readonly [WireBlock, RegExp])[] = [
      [block({ attributes: [attribute('a', 'nonsense')] }), /not JSON/],
      [block({ attributes: [attribute('a', '["bag","string"]')] }), /unknown kind/],
      [block({ attributes: [attribute('a', '["object",3]')] }), /without attributes/],
      [block({ attributes: [attribute('a', `${'["list",'.repeat(100)}"string"${']'.repeat(100)}`)] }), /too deeply/],
      [
        block({ attributes: [attribute('a', '', { nested_type: { nesting: 'INVALID', attributes: [] } })] }),
        /no nesting mode/,
      ],
    ];
    for (const [wire, message] of cases) assert.throws(() => convertBlock(wire), message);
  });

  it('is refused when a name cannot be one, or is there twice', () => {
    const nested = (name: string) =>
      ({ type_name: name, block: null, nesting: 'LIST', min_items: '0', max_items: '0' }) as const;
    for (const name of ['', '__proto__', 'a\u202eb', 'two words', 'x'.repeat(257)]) {
      assert.throws(() => convertBlock(block({ attributes: [attribute(name, '"bool"')] })), /a name must be/);
      assert.throws(() => convertBlock(block({ block_types: [nested(name)] })), /a name must be/);
    }
    const twice = [attribute('a', '"bool"'), attribute('a', '"bool"')];
    assert.throws(() => convertBlock(block({ attributes: twice })), /a is there twice/);
    assert.throws(() => convertBlock(block({ attributes: twice.slice(1), block_types: [nested('a')] })), /there twice/);
    const inside = attribute('o', '', { nested_type: { nesting: 'SINGLE', attributes: twice } });
    assert.throws(() => convertBlock(block({ attributes: [inside] })), /a is there twice/);
  });

  it('is refused when a number is none that can be counted with', () => {
    for (const version of ['-1', '9223372036854775807']) {
      assert.throws(() => convertSchema({ version, block: null }), /no plain number/);
      const nested = { type_name: 'b', block: null, nesting: 'LIST', min_items: version, max_items: '0' } as const;
      assert.throws(() => convertBlock(block({ block_types: [nested] })), /no plain number/);
    }
    // the library gives the number where it knows no name
    const unheard = { type_name: 'b', block: null, nesting: 99, min_items: '0', max_items: '0' };
    assert.throws(() => convertBlock(block({ block_types: [unheard as never] })), /no nesting mode/);
  });

  it('is shown without characters that play tricks', () => {
    const { description } = convertBlock(block({ description: 'one\n\u001b[31mtwo\u202e' }));
    assert.equal(description, 'one\n\ufffd[31mtwo\ufffd');
  });

  it('names an object by what is described', () => {
    assert.throws(() => convertIdentity(null), /not described/);
  });

  it('is refused when blocks are nested without end', () => {
    let deep = block();
    for (let at = 0; at < 100; at += 1) {
      deep = block({ block_types: [{ type_name: 'b', block: deep, nesting: 'LIST', min_items: '0', max_items: '0' }] });
    }
    assert.throws(() => convertBlock(deep), /too deeply/);
  });
});
