import assert from 'node:assert/strict';

import fc from 'fast-check';

import { CtyNumber, Dynamic, Unknown, unknown, type Value } from '../../providers/index.ts';
import { formatPath } from '../../shared/problems.ts';
import { aBlock, anAttribute, aNestedAttribute, aNestedBlock, aSet, aValue } from '../../testing/schemas.ts';
import { planDigest, type PlanContent } from './digest.ts';
import { maskSecrets } from './mask-secrets.ts';
import { isDestructive, planAction } from './plan-action.ts';
import { redact, secretsIn } from './redact.ts';
import { replacePaths } from './replace-paths.ts';
import { nullUnknowns, unknownPaths } from './unknowns.ts';

describe('unknown values', () => {
  const value = aValue({ a: unknown, b: [1, unknown], c: { d: new Dynamic('string', unknown) }, e: 'x', f: null });

  it('are listed by path', () => {
    assert.deepEqual(unknownPaths(value).map(formatPath), ['a', 'b[1]', 'c.d']);
    assert.deepEqual(unknownPaths(unknown), [[]]);
  });

  it('can be replaced by null', () => {
    const wanted = aValue({ a: null, b: [1, null], c: { d: new Dynamic('string', null) }, e: 'x', f: null });
    assert.deepEqual(nullUnknowns(value), wanted);
  });
});

describe('paths that force a replacement', () => {
  const prior = aValue({ name: 'a', tags: { k: 'v' }, list: [{ x: '1' }, { x: '2' }] });
  const table: [string, (string | number)[], Value, boolean][] = [
    ['a changed attribute', ['name'], aValue({ name: 'b', tags: { k: 'v' }, list: [] }), true],
    ['an unchanged attribute', ['name'], aValue({ name: 'a', tags: { k: 'w' }, list: [] }), false],
    ['an attribute known only later', ['name'], aValue({ name: unknown, tags: { k: 'v' }, list: [] }), true],
    ['an attribute that goes', ['name'], aValue({ name: null, tags: null, list: [] }), true],
    ['a changed key', ['tags', 'k'], aValue({ name: 'a', tags: { k: 'w' }, list: [] }), true],
    ['a key that goes', ['tags', 'k'], aValue({ name: 'a', tags: {}, list: [] }), true],
    ['a changed element', ['list', 1, 'x'], aValue({ name: 'a', tags: {}, list: [{ x: '1' }, { x: '3' }] }), true],
    ['an unchanged element', ['list', 0, 'x'], aValue({ name: 'a', tags: {}, list: [{ x: '1' }] }), false],
    ['a path that leads nowhere', ['nothing', 'here'], aValue({ name: 'b', tags: {}, list: [] }), false],
    ['a path into a plain value', ['name', 'here'], aValue({ name: 'b', tags: {}, list: [] }), false],
  ];
  for (const [what, path, planned, forces] of table) {
    it(`${forces ? 'have' : 'do not have'} ${what}`, () => {
      assert.deepEqual(replacePaths([path], prior, planned), forces ? [path] : []);
    });
  }

  it('are none where there was nothing, or nothing is to be', () => {
    assert.deepEqual(replacePaths([['name']], null, prior), []);
    assert.deepEqual(replacePaths([['name']], prior, null), []);
  });
});

describe('what a plan amounts to', () => {
  const one = aValue({ a: '1' });
  const two = aValue({ a: '2' });
  const base = { prior: one, planned: two, replacePaths: [], tainted: false };
  const table = [
    ['create', { ...base, prior: null }],
    ['update', base],
    ['replace', { ...base, replacePaths: [['a']] }],
    ['replace', { ...base, planned: one, tainted: true }],
    ['no-op', { ...base, planned: one }],
    ['delete', { ...base, planned: null }],
    ['no-op', { ...base, prior: null, planned: null }],
  ] as const;
  for (const [action, change] of table) {
    it(`is ${action} for ${JSON.stringify({ ...change, prior: change.prior !== null, planned: change.planned !== null })}`, () => {
      assert.equal(planAction(change), action);
    });
  }

  it('destroys something when it deletes or replaces', () => {
    assert.deepEqual((['create', 'update', 'replace', 'delete', 'read', 'no-op'] as const).filter(isDestructive), [
      'replace',
      'delete',
    ]);
  });
});

describe('redaction', () => {
  const login = [
    anAttribute('user', 'required'),
    anAttribute('password', 'required', 'string', { sensitive: true }),
    anAttribute('once', 'optional', 'string', { writeOnly: true }),
  ];
  const schema = aBlock(
    [
      anAttribute('token', 'computed', 'string', { sensitive: true }),
      anAttribute('size', 'optional', 'number'),
      aNestedAttribute('main', 'optional', 'SINGLE', login),
      aNestedAttribute('keyed', 'optional', 'MAP', login),
    ],
    [aNestedBlock('list', 'LIST', aBlock(login)), aNestedBlock('map', 'MAP', aBlock(login))],
  );
  const secretLogin = { user: 'u', password: 'p', once: 'o' };
  const shown = { user: 'u', password: null, once: null };
  const value = aValue({
    token: unknown,
    size: 3,
    main: secretLogin,
    keyed: { k: secretLogin },
    list: [secretLogin, { user: 'v', password: null, once: null }],
    map: { k: secretLogin },
  });

  it('puts null in place of every secret and lists where', () => {
    const { value: visible, paths } = redact(schema, value);
    const wanted = {
      token: null, size: 3, main: shown, keyed: { k: shown }, list: [shown, { ...shown, user: 'v' }], map: { k: shown },
    }; // prettier-ignore
    assert.deepEqual(visible, aValue(wanted));
    assert.deepEqual(paths, [
      'token', 'main.password', 'main.once', 'keyed.k.password', 'keyed.k.once',
      'list[0].password', 'list[0].once', 'map.k.password', 'map.k.once',
    ]); // prettier-ignore
  });

  it('leaves null, unknown objects and what the schema does not know alone', () => {
    const nothing = { token: null, size: null, main: null, keyed: null, list: [], map: {} };
    assert.deepEqual(redact(schema, aValue(nothing)), { value: aValue(nothing), paths: [] });
    assert.deepEqual(redact(schema, null), { value: null, paths: [] });
    assert.deepEqual(
      redact(schema, aValue({ ...nothing, list: unknown })).value,
      aValue({ ...nothing, list: unknown }),
    );
  });

  it('never lets a secret through', () => {
    const text = fc.string({ minLength: 4 }).map((part) => `secret-${part}`);
    const anyLogin = fc.record({ user: fc.constant('u'), password: fc.option(text), once: fc.option(text) });
    const anyValue = fc.record({
      token: fc.option(text),
      size: fc.constant(null),
      main: fc.option(anyLogin),
      keyed: fc.dictionary(fc.constantFrom('a', 'b'), anyLogin),
      list: fc.array(anyLogin),
      map: fc.dictionary(fc.constantFrom('a', 'b'), anyLogin),
    });
    fc.assert(
      fc.property(anyValue, (plain) => {
        const whole = aValue(plain);
        assert.equal(containsSecret(redact(schema, whole).value), false);
        assert.equal(secretsIn(schema, whole).length, redact(schema, whole).paths.length);
      }),
    );
  });
});

function containsSecret(value: Value): boolean {
  if (typeof value === 'string') return value.startsWith('secret-');
  if (value instanceof Map) return [...value.values()].some(containsSecret);
  return Array.isArray(value) && value.some(containsSecret);
}

describe('masking text', () => {
  it('takes out secrets however they are quoted, longest first', () => {
    const secrets = [aValue('hunter2'), aValue('hunter2-and-more'), aValue({ list: ['two\nlines', ' spaced '] })];
    const text = 'bad hunter2-and-more, hunter2, "two\\nlines", two\nlines, spaced!';
    assert.equal(maskSecrets(secrets)(text), 'bad (sensitive), (sensitive), "(sensitive)", (sensitive), (sensitive)!');
  });

  it('takes out numbers, and leaves what is too short to tell', () => {
    assert.equal(
      maskSecrets([aValue(123456), aValue('a'), aValue(true), aValue(1)])('pin 123456 of a'),
      'pin (sensitive) of a',
    );
  });
});

describe('the digest of a plan', () => {
  const content: PlanContent = {
    project: 'p', resourceID: 'r', kind: 'UPDATE', provider: 'a/b', version: '1.0.0', sha256: 'x', type: 't',
    action: 'update', replacePaths: [], config: aValue({ a: '1', b: 2 }), prior: null, planned: aValue({ a: unknown }),
  }; // prettier-ignore

  it('does not depend on the order of keys', () => {
    assert.equal(planDigest(content, 's'), planDigest({ ...content, config: aValue({ b: 2, a: '1' }) }, 's'));
    assert.match(planDigest(content, 's'), /^[0-9a-f]{64}$/);
  });

  const others: [string, Partial<PlanContent>][] = [
    ['the resource', { resourceID: 'q' }],
    ['the action', { action: 'replace' }],
    ['the replaced paths', { replacePaths: [['a']] }],
    ['the program', { sha256: 'y' }],
    ['a value', { config: aValue({ a: '1', b: 3 }) }],
    ['text for a number', { config: aValue({ a: '1', b: '2' }) }],
    ['null for an unknown', { planned: aValue({ a: null }) }],
    ['what is known about an unknown', { planned: aValue({ a: new Unknown(Uint8Array.of(1)) }) }],
    ['the type of a dynamic value', { planned: aValue({ a: new Dynamic('string', unknown) }) }],
    ['a list for a map', { prior: [aValue('x')] }],
    ['a set', { prior: aSet('x', 'y') }],
    ['text that looks like a number', { prior: aValue({ number: '1' }) }],
    ['a number', { prior: CtyNumber.from(1) }],
  ];
  it('depends on everything in it, and on the salt', () => {
    const all = [content, ...others.map(([, change]) => ({ ...content, ...change }))].map((c) => planDigest(c, 's'));
    assert.equal(new Set([...all, planDigest(content, 'other')]).size, all.length + 1);
  });
});
