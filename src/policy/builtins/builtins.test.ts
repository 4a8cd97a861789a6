import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import fc from 'fast-check';

import type { Json } from '../../shared/json.ts';
import { type Builtin, BuiltinError } from './builtin.ts';
import { parseRego } from './parse-rego.ts';
import { compareRego, formatRego, RegoObject, RegoSet, regoToJson, type RegoValue } from './rego-value.ts';
import { hostBuiltins } from './table.ts';

// What `opa eval` answered is recorded beside this file by builtins.real.ts, which asks it anew; here it is replayed.

type Recorded = [name: string, operands: Json[], answer: [] | [Json]];

const answers = JSON.parse(readFileSync(new URL('testdata/opa-answers.json', import.meta.url), 'utf8')) as Recorded[]; // written by our own test

/** Nanoseconds are recorded as seconds and the rest, which doubles can carry. */
const inNanoseconds = ['time.parse_rfc3339_ns', 'time.parse_ns', 'time.parse_duration_ns', 'time.add_date'];

function builtin(name: string): Builtin {
  const found = hostBuiltins[name];
  ok(found !== undefined, name);
  return found;
}

function call(name: string, ...operands: RegoValue[]): RegoValue | undefined {
  try {
    return builtin(name)(...operands);
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

function answer(name: string, operands: readonly Json[]): Json[] {
  const result = call(name, ...operands.map((operand) => parseRego(JSON.stringify(operand))));
  if (result === undefined) return [];
  if (!inNanoseconds.includes(name)) return [JSON.parse(regoToJson(result)) as Json];
  const ns = BigInt(regoToJson(result));
  return [[Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)]];
}

describe('builtins of Wasm policies', () => {
  for (const name of new Set(answers.map(([name]) => name))) {
    it(`${name} answers as opa did`, () => {
      const cases = answers.filter(([other]) => other === name);
      deepEqual(
        cases.map(([, operands]) => [operands, answer(name, operands)]),
        cases.map(([, operands, expected]) => [operands, expected]),
      );
    });
  }

  it('sanitized gives the last 8 bytes of the SHA-256 in hex', () => {
    equal(call('sanitized', 'secret'), 'a25fe97bf527a25b');
  });

  it('sanitized takes the JSON of other values', () => {
    equal(call('sanitized', [1, 'a']), call('sanitized', '[1,"a"]'));
  });

  it('casts of v0 give their operand or nothing', () => {
    equal(call('cast_string', 'x'), 'x');
    equal(call('cast_boolean', true), true);
    equal(call('cast_null', null), null);
    equal(call('cast_string', 1), undefined);
    deepEqual(call('cast_array', new RegoSet([2, 1])), [1, 2]);
    deepEqual(call('cast_set', [1, 1]), new RegoSet([1]));
    equal(call('cast_object', [1]), undefined);
    ok(call('cast_object', new RegoObject([])) instanceof RegoObject);
  });

  it('object.subset compares sets, and arrays with sets', () => {
    const [one, both, none] = [new RegoSet([1]), new RegoSet([1, 2]), new RegoSet([])];
    deepEqual([call('object.subset', both, one), call('object.subset', one, both)], [true, false]);
    deepEqual([call('object.subset', [2, 1], both), call('object.subset', [1], both)], [true, false]);
    deepEqual([call('object.subset', [1], none), call('object.subset', [], none)], [true, false]);
    equal(call('object.subset', one, [1]), undefined);
  });

  it('json.patch changes sets by their elements', () => {
    const patch = (operation: Readonly<Record<string, RegoValue>>) =>
      call('json.patch', RegoObject.of({ a: new RegoSet([1, 2]) }), [RegoObject.of(operation)]);
    const shown = (operation: Readonly<Record<string, RegoValue>>) => {
      const patched = patch(operation);
      return patched === undefined ? undefined : formatRego(patched);
    };
    equal(shown({ op: 'add', path: ['a', 3], value: 3 }), '{"a":{1,2,3}}');
    equal(shown({ op: 'remove', path: ['a', 1] }), '{"a":{2}}');
    equal(shown({ op: 'add', path: ['a', 3], value: 4 }), undefined);
    equal(shown({ op: 'remove', path: ['a', 9] }), undefined);
    equal(shown({ op: 'add', path: '/a/b/c', value: 4 }), undefined);
  });

  const refusals: readonly [string, readonly RegoValue[]][] = [
    ['sprintf', ['%[1]d', [1]]],
    ['sprintf', ['%*d', [1, 2]]],
    ['sprintf', ['%99999999d', [1]]],
    ['sprintf', ['%.200f', [1.5]]],
    ['sprintf', ['%x', [1.5]]],
    ['numbers.range_step', [0, 10_000_000, 1]],
    ['net.cidr_expand', ['10.0.0.0/8']],
    ['net.cidr_merge', [['10.0.0.1']]],
    ['regex.replace', ['a', '(?U)a', '']],
    ['regex.replace', ['a', 'b(?i)a', '']],
    ['time.format', [[0, 'Local']]],
    ['time.format', [[0, 'Europe/Warsaw', 'MST']]],
    ['time.parse_ns', ['2006 002', '2024 060']],
  ];
  for (const [name, operands] of refusals) {
    it(`${name}(${formatRego(operands)}) ends the evaluation rather than answer otherwise than opa`, () => {
      throws(
        () => builtin(name)(...operands),
        (error: unknown) => !(error instanceof BuiltinError),
      );
    });
  }
});

describe('Rego notation', () => {
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
    fc.string(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0.1 }),
  );
  const anyValue: fc.Arbitrary<RegoValue> = fc.letrec<{ value: RegoValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.array(tie('value'), { maxLength: 3 }).map((values) => new RegoSet(values)),
      fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new RegoObject(entries)),
    ),
  })).value;

  it('reads what it writes', () => {
    fc.assert(fc.property(anyValue, (value) => equal(formatRego(parseRego(formatRego(value))), formatRego(value))));
  });

  it('orders values the same way round', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        equal(Math.sign(compareRego(a, b)), -Math.sign(compareRego(b, a)) + 0);
        equal(compareRego(a, a), 0);
      }),
    );
  });

  it('tells an empty set from an empty object', () => {
    deepEqual([formatRego(new RegoSet([])), formatRego(new RegoObject([]))], ['set()', '{}']);
  });

  it('refuses what is no value', () => {
    for (const text of ['', '{', '[1', '{1:', 'nul', '1 2', '"x', '{1,2']) throws(() => parseRego(text), text);
  });
});
