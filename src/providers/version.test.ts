import assert from 'node:assert/strict';

import { isVersion, parseConstraint, parseWish, sortVersions } from './version.ts';

const offered = ['1.0.0', '1.2.0', '1.2.3', '1.9.0', '2.0.0', '2.1.0', '3.0.0-beta1'];

// What the terraform binary 1.11 installed from a mirror that held exactly these versions.
const chosen: Record<string, string | undefined> = {
  '~> 1': '1.9.0',
  '~> 1.0': '1.9.0',
  '~> 1.2': '1.9.0',
  '~>1.9': '1.9.0',
  '~> 1.2.0': '1.2.3',
  '> 1, < 2': '1.9.0',
  '>= 1.2, != 1.9.0, < 2': '1.2.3',
  '>=1.2.3,<2': '1.9.0',
  '1.2': '1.2.0',
  '= 1': '1.0.0',
  '=1.2.3': '1.2.3',
  '01.2.3': '1.2.3',
  '> 1.2': '2.1.0',
  '> 2': '2.1.0',
  '<= 2': '2.0.0',
  '!= 2': '2.1.0',
  '> 3': undefined,
  '<2.0.0-rc1, >1': '1.9.0',
  '3.0.0-beta1': '3.0.0-beta1',
  '= 3.0.0-beta1, >1': '3.0.0-beta1',
  '>= 3.0.0-beta1': undefined,
  '~> 3.0.0-beta1': undefined,
};

describe('version constraints', () => {
  for (const [constraint, version] of Object.entries(chosen)) {
    it(`${constraint} chooses ${version ?? 'nothing'}, as terraform does`, () => {
      const parsed = parseConstraint(constraint);
      assert.equal(
        sortVersions(offered).find((each) => parsed.allows(each)),
        version,
      );
    });
  }

  for (const text of [
    '',
    'v1.2.3',
    '^1.2',
    '1.x',
    '> 1.x',
    '==1.2.3',
    '1.2.3 ,',
    '1.2.3 || 2.0.0',
    '~> 1.2.3.4',
    'latest',
    '1.2.3 2.0.0',
  ]) {
    it(`refuse ${JSON.stringify(text)}, naming the field`, () => {
      assert.throws(() => parseConstraint(text), { code: 'BAD_INPUT', message: /^version: / });
    });
  }

  it('are written regularly into the lock file', () => {
    assert.equal(parseConstraint('>=1.2,<2').text, '>= 1.2, < 2');
    assert.equal(parseConstraint('1.2.3').text, '1.2.3');
  });

  it('may be left to the server: any that is no pre-release', () => {
    for (const text of [undefined, '', 'latest', ' Latest ']) {
      const wish = parseWish(text);
      assert.deepEqual([wish.text, wish.allows('9.9.9'), wish.allows('1.0.0-rc.1')], ['', true, false]);
    }
    assert.equal(parseWish('~> 1.2').allows('2.0.0'), false);
  });
});

describe('versions in a mirror', () => {
  it('are full versions only: other names are no folder or file of ours', () => {
    assert.deepEqual(['1.2.3', '1.0.0-rc.1', '1.2', 'v1.2.3', '..', '1.2.3/..', ''].filter(isVersion), [
      '1.2.3',
      '1.0.0-rc.1',
    ]);
  });
});
