import assert from 'node:assert/strict';

import { convertDiagnostics, convertPath } from './convert-diagnostics.ts';
import { convertBlock, convertCapabilities, convertSchema } from './convert-schema.ts';
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

  it('is refused when blocks are nested without end', () => {
    let deep = block();
    for (let at = 0; at < 100; at += 1) {
      deep = block({ block_types: [{ type_name: 'b', block: deep, nesting: 'LIST', min_items: '0', max_items: '0' }] });
    }
    assert.throws(() => convertBlock(deep), /too deeply/);
  });
});
