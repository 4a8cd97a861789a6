import { deepEqual, equal, ok } from 'node:assert/strict';

import fc from 'fast-check';

import { isJsonObject, type Json } from '../shared/json.ts';
import { intentDecision, type PolicyResult } from './intent-decision.ts';

function from(...results: Json[]): PolicyResult[] {
  return results.map((result, at) => ({ policy: { id: `p${at}`, name: `policy ${at}` }, result }));
}

describe('intentDecision', () => {
  const table: [string, Json[], string][] = [
    ['goes ahead without any policy', [], 'ALLOWED'],
    ['goes ahead with a reason to allow', [{ allow: ['yes'] }], 'ALLOWED'],
    ['goes ahead when one allows and another is silent', [{ allow: ['yes'] }, { allow: [], deny: [] }], 'ALLOWED'],
    ['is blocked by one denial', [{ deny: ['no'] }], 'DENIED'],
    ['is blocked when one policy allows and denies', [{ allow: ['yes'], deny: ['no'] }], 'DENIED'],
    ['is blocked when one of two denies', [{ allow: ['yes'] }, { deny: ['no'] }], 'DENIED'],
    ['waits for a person when no policy speaks', [{}], 'REVIEW'],
    ['waits for a person with empty sets', [{ allow: [], deny: [], sample: true }], 'REVIEW'],
    ['is blocked by a result that is null', [null], 'DENIED'],
    ['is blocked by a result that is a list', [[{ allow: ['yes'] }]], 'DENIED'],
    ['is blocked by a result that is true', [true], 'DENIED'],
    ['is blocked when allow is true', [{ allow: true }], 'DENIED'],
    ['is blocked when allow is a text', [{ allow: 'yes' }], 'DENIED'],
    ['is blocked when allow is an object', [{ allow: { yes: true } }], 'DENIED'],
    ['is blocked when deny is false', [{ allow: ['yes'], deny: false }], 'DENIED'],
    ['is blocked when deny holds a number', [{ allow: ['yes'], deny: [1] }], 'DENIED'],
    ['is blocked when allow holds an object without msg', [{ allow: [{ message: 'yes' }] }], 'DENIED'],
    ['is blocked when msg is no text', [{ allow: [{ msg: 1 }] }], 'DENIED'],
    ['is blocked when sample is no boolean', [{ allow: ['yes'], sample: 'yes' }], 'DENIED'],
    ['is blocked when sample is null', [{ allow: ['yes'], sample: null }], 'DENIED'],
    ['does not read rules from the prototype', [Object.create({ allow: ['yes'] }) as Json], 'REVIEW'],
  ];
  for (const [behaviour, results, outcome] of table) {
    it(behaviour, () => equal(intentDecision(from(...results)).outcome, outcome));
  }

  it('gives all reasons of all policies once, sorted, as texts or as objects with msg', () => {
    const decision = intentDecision(
      from({ deny: ['b', { msg: 'a', severity: 1 }] }, { deny: ['a', 'c'], allow: ['x'] }),
    );
    deepEqual(decision, { outcome: 'DENIED', deny: ['a', 'b', 'c'], allow: ['x'], sample: [] });
  });

  it('names the policies that ask for a sample', () => {
    const decision = intentDecision(from({ sample: true, allow: ['x'] }, { sample: false }, { sample: true }));
    deepEqual(decision.sample, ['p0', 'p2']);
  });

  it('names the policy and the rule that cannot be read', () => {
    deepEqual(intentDecision(from({ allow: true })).deny, [
      'policy "policy 0" has a rule `allow` that is not a set of messages, so nothing is allowed',
    ]);
  });
});

describe('intentDecision, for any results', () => {
  const messages = fc.array(fc.oneof(fc.string(), fc.record({ msg: fc.string() })), { maxLength: 3 });
  const rules = fc.record(
    { allow: messages, deny: messages, sample: fc.boolean() },
    { requiredKeys: [] },
  ) as fc.Arbitrary<Json>;
  const anyResult = fc.oneof({ weight: 3, arbitrary: rules }, fc.jsonValue() as fc.Arbitrary<Json>);
  const anyResults = fc.array(anyResult, { maxLength: 5 }).map((results) => from(...results));

  const speaks = (result: Json, rule: string) => {
    const value = isJsonObject(result) ? result[rule] : undefined;
    return Array.isArray(value) && value.length > 0;
  };

  it('never goes ahead past a denial', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        if (results.some(({ result }) => speaks(result, 'deny'))) equal(intentDecision(results).outcome, 'DENIED');
      }),
    );
  });

  it('never goes ahead without a reason to allow, unless there is no policy', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        const { outcome } = intentDecision(results);
        if (outcome === 'ALLOWED' && results.length > 0) ok(results.some(({ result }) => speaks(result, 'allow')));
      }),
    );
  });

  it('does not depend on the order of the policies', () => {
    fc.assert(
      fc.property(anyResults, fc.array(fc.nat(), { minLength: 5, maxLength: 5 }), (results, keys) => {
        const order = results.map((result, at) => ({ result, key: keys[at] ?? 0 }));
        const shuffled = order.toSorted((a, b) => a.key - b.key).map(({ result }) => result);
        deepEqual(intentDecision(shuffled), intentDecision(results));
      }),
    );
  });
});
