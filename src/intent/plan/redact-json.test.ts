import assert from 'node:assert/strict';

import { aBlock, anAttribute, aNestedAttribute, aNestedBlock } from '../../testing/schemas.ts';
import { redactJson, withoutWriteOnly } from './redact-json.ts';

const login = [
  anAttribute('user', 'required'),
  anAttribute('password', 'required', 'string', { sensitive: true }),
  anAttribute('once', 'optional', 'string', { writeOnly: true }),
];
const schema = aBlock(
  [
    anAttribute('size', 'optional', 'number'),
    aNestedAttribute('main', 'optional', 'SINGLE', login),
    aNestedAttribute('keyed', 'optional', 'MAP', login),
  ],
  [aNestedBlock('list', 'LIST', aBlock(login)), aNestedBlock('map', 'MAP', aBlock(login))],
);
const secret = { user: 'u', password: 'p', once: 'o' };
const shown = { user: 'u', password: null, once: null };

describe('a configuration that is shown', () => {
  it('has null in place of secrets, and nothing that was not given', () => {
    const config = { size: 1, main: secret, keyed: { k: secret }, list: [secret, { user: 'v' }], map: { k: secret } };
    const { value, paths } = redactJson(schema, config);
    assert.deepEqual(value, {
      size: 1,
      main: shown,
      keyed: { k: shown },
      list: [shown, { user: 'v' }],
      map: { k: shown },
    });
    assert.deepEqual(paths, [
      'main.password', 'main.once', 'keyed.k.password', 'keyed.k.once', 'list[0].password', 'list[0].once',
      'map.k.password', 'map.k.once',
    ]); // prettier-ignore
  });

  it('lists no secret that was not given', () => {
    assert.deepEqual(redactJson(schema, { main: { user: 'u', password: null } }).paths, []);
    assert.deepEqual(redactJson(schema, { main: null, map: 'no map', stranger: 1 }).value, {
      main: null,
      map: 'no map',
      stranger: 1,
    });
    assert.deepEqual(redactJson(schema, 'nothing').value, 'nothing');
  });

  it('is kept without what is write-only', () => {
    const kept = { main: { ...secret, once: null } };
    assert.deepEqual(withoutWriteOnly(schema, { main: secret }), { value: kept, withheld: [['main', 'once']] });
  });
});
