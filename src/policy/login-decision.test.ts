import { deepEqual, equal, match, ok } from 'node:assert/strict';

import fc from 'fast-check';

import type { Json } from '../shared/json.ts';
import { type LoginDecision, loginDecision, type LoginTables } from './login-decision.ts';

const tables: LoginTables = {
  roles: [
    { id: 'ulid-admin', slug: 'space-admin', actions: ['SPACE_READ', 'SPACE_ADMIN'] },
    { id: 'ulid-writer', slug: 'space-writer', actions: ['SPACE_READ', 'SPACE_WRITE'] },
    { id: 'ulid-reader', slug: 'space-reader', actions: ['SPACE_READ'] },
    { id: 'ulid-boss', slug: 'boss', actions: ['SPACE_ADMIN'] },
  ],
  spaces: new Set(['root', 'team']),
};

function decide(...results: Json[]): LoginDecision {
  return loginDecision(
    results.map((result, at) => ({ policy: { id: `p${at}`, name: `policy ${at}` }, result })),
    tables,
  );
}

const given = (...results: Json[]) => decide(...results).roles.map(({ role, space }) => `${role} in ${space}`);

describe('the decision of login policies', () => {
  const table: [string, Json[], string][] = [
    ['lets members in without any policy', [], 'ALLOWED'],
    ['keeps out whom no policy lets in', [{}], 'DENIED'],
    ['keeps out whom policies only give roles', [{ roles: { team: { 'space-reader': true } } }], 'DENIED'],
    ['lets in whom one policy allows', [{}, { allow: true }], 'ALLOWED'],
    ['lets in whom a policy makes admin', [{ admin: true }], 'ALLOWED'],
    ['lets nobody past a denial', [{ allow: true, admin: true }, { deny: true }], 'DENIED'],
    ['takes messages for a denial', [{ allow: true, deny: ['not today'] }], 'DENIED'],
    ['takes an empty set for no denial', [{ allow: true, deny: [] }], 'ALLOWED'],
    ['takes a set that has elements for true', [{ allow: ['staff'] }], 'ALLOWED'],
    ['takes an empty set for false', [{ allow: [] }], 'DENIED'],
    ['keeps out an admin who may be none and is nothing else', [{ admin: true, deny_admin: true }], 'DENIED'],
    [
      'lets in an admin who may be none as what they are else',
      [{ admin: true, deny_admin: true, allow: true }],
      'ALLOWED',
    ],
    ['keeps out when a role is not known', [{ allow: true, roles: { team: { chief: true } } }], 'DENIED'],
    ['keeps out when a space is not known', [{ allow: true, roles: { mars: { boss: true } } }], 'DENIED'],
    ['keeps out when a space of an older rule is not known', [{ allow: true, space_read: ['mars'] }], 'DENIED'],
    ['does not mind a name that is false', [{ allow: true, roles: { team: { chief: false } } }], 'ALLOWED'],
    ['keeps out with a result that is no object', [{ allow: true }, ['allow']], 'DENIED'],
    ['keeps out with a result that is null', [{ allow: true }, null], 'DENIED'],
    ['keeps out when allow is a text', [{ allow: 'yes' }], 'DENIED'],
    ['keeps out when deny is an object', [{ allow: true, deny: { now: false } }], 'DENIED'],
    ['keeps out when a message is a number', [{ allow: true, deny: [1] }], 'DENIED'],
    ['keeps out when roles is a list', [{ allow: true, roles: ['boss'] }], 'DENIED'],
    ['keeps out when a role is held by a text', [{ allow: true, roles: { team: { boss: 'yes' } } }], 'DENIED'],
    ['keeps out when a team is a number', [{ allow: true, team: [1] }], 'DENIED'],
    ['keeps out when sample is a text', [{ allow: true, sample: 'yes' }], 'DENIED'],
    ['does not read rules from the prototype', [Object.create({ allow: true }) as Json], 'DENIED'],
  ];
  for (const [behaviour, results, outcome] of table) it(behaviour, () => equal(decide(...results).outcome, outcome));

  it('gives roles by slug and by id, as sets and as objects, once each', () => {
    deepEqual(
      given(
        { allow: true, roles: { team: { 'space-reader': true, 'ulid-writer': true } } },
        { roles: { team: ['space-reader'] } },
      ),
      ['ulid-reader in team', 'ulid-writer in team'],
    );
  });

  it('gives what the older rules stand for', () => {
    const result = { allow: true, space_admin: ['team'], space_write: { root: true }, space_read: ['root'] };
    deepEqual(given(result), ['ulid-reader in root', 'ulid-writer in root', 'ulid-admin in team']);
  });

  it('makes an admin of root', () => deepEqual(given({ admin: true }), ['ulid-admin in root']));

  it('takes every way to be admin of root, and nothing else', () => {
    const all = { admin: true, space_admin: ['root', 'team'], roles: { root: ['boss', 'space-reader'] } };
    const { roles, denyAdmin } = decide({ allow: true, ...all }, { deny_admin: true });
    deepEqual(
      [roles, denyAdmin],
      [
        [
          { role: 'ulid-reader', space: 'root' },
          { role: 'ulid-admin', space: 'team' },
        ],
        true,
      ],
    );
  });

  it('gives nothing to whom it keeps out', () => deepEqual(given({ admin: true, deny: true }), []));

  it('replaces the teams by the ones that are named, and by nothing when none is', () => {
    deepEqual(decide({ allow: true, team: ['b', 'a'] }, { team: { c: true } }).teams, ['a', 'b', 'c']);
    equal(decide({ allow: true, team: [] }).teams, undefined);
  });

  it('says what authors want said, and keeps what is wrong with the policies apart', () => {
    const { deny, problems } = decide(
      { deny: ['b', { msg: 'a', severity: 1 }] },
      { deny: ['a'], roles: { team: ['chief'] } },
    );
    deepEqual(deny, ['a', 'b']);
    equal(problems.length, 1);
    match(problems[0] ?? '', /policy "policy 1" gives the role "chief" in "team", and there is no such role/);
  });

  it('names the policies that ask for a sample', () => {
    deepEqual(decide({ sample: true, allow: true }, { sample: false }, { sample: true }).sample, ['p0', 'p2']);
  });
});

describe('the decision of login policies, for any results', () => {
  const truth = fc.oneof(fc.boolean(), fc.array(fc.string(), { maxLength: 2 }));
  const role = fc.constantFrom('space-admin', 'ulid-admin', 'boss', 'space-reader', 'chief');
  const space = fc.constantFrom('root', 'team', 'mars');
  const roles = fc.dictionary(space, fc.oneof(fc.dictionary(role, fc.boolean()), fc.array(role, { maxLength: 3 })));
  const names = fc.array(space, { maxLength: 2 });
  const rules = fc.record(
    {
      allow: truth, admin: truth, deny: truth, deny_admin: truth, roles, space_admin: names, space_write: names,
      space_read: names, team: fc.array(fc.string(), { maxLength: 2 }), sample: fc.boolean(),
    }, // prettier-ignore
    { requiredKeys: [] },
  ) as fc.Arbitrary<Json>;
  const anyResult = fc.oneof({ weight: 4, arbitrary: rules }, fc.jsonValue() as fc.Arbitrary<Json>);
  const anyResults = fc.array(anyResult, { minLength: 1, maxLength: 4 });
  const says = (result: Json, rule: string): boolean => {
    const value =
      result !== null && typeof result === 'object' && Object.hasOwn(result, rule)
        ? (result as Record<string, Json>)[rule]
        : undefined;
    return value === true || (Array.isArray(value) && value.length > 0);
  };

  it('is never to let in past a denial, or without an allow', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        if (decide(...results).outcome !== 'ALLOWED') return;
        ok(!results.some((result) => says(result, 'deny')));
        ok(results.some((result) => says(result, 'allow') || says(result, 'admin')));
      }),
    );
  });

  it('is never admin of root where one policy says not', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        const decision = decide(...results, { allow: true, deny_admin: true });
        ok(decision.denyAdmin);
        ok(!decision.roles.some((each) => each.space === 'root' && ['ulid-admin', 'ulid-boss'].includes(each.role)));
      }),
    );
  });

  it('gives only roles and spaces that are there, and none to whom is kept out', () => {
    fc.assert(
      fc.property(anyResults, (results) => {
        const decision = decide(...results);
        if (decision.outcome === 'DENIED') deepEqual(decision.roles, []);
        ok(decision.roles.every((each) => tables.spaces.has(each.space) && each.role.startsWith('ulid-')));
      }),
    );
  });

  it('does not depend on the order of the policies', () => {
    fc.assert(
      fc.property(anyResults, fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), (results, keys) => {
        const asked = results.map((result, at) => ({ policy: { id: `p${at}`, name: `n${at}` }, result }));
        const order = asked.map((each, at) => ({ each, key: keys[at] ?? 0 })).toSorted((a, b) => a.key - b.key);
        deepEqual(
          loginDecision(
            order.map(({ each }) => each),
            tables,
          ),
          loginDecision(asked, tables),
        );
      }),
    );
  });
});
