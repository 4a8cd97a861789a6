import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { silentLogger } from '../shared/logger.ts';
import { openTestConnection, testFolder } from '../testing/storage.ts';
import type { Connection } from './connection.ts';
import { createVault, type Vault } from './vault.ts';

const place = 'intent_resource:01ABC:state';

describe('the vault', () => {
  let connection: Connection;
  let keyFile: string;
  before(async () => {
    connection = await openTestConnection();
  });
  after(() => connection.close());
  beforeEach(async () => {
    await connection.executeSql('truncate data_key restart identity');
    keyFile = join(await mkdtemp(join(testFolder(), 'vault-')), 'keys.json');
  });
  const open = (limits?: { messages: number; block: number }): Promise<Vault> =>
    createVault({ connection, keyFile, logger: silentLogger, ...(limits === undefined ? {} : { limits }) });

  it('opens what it sealed, text and bytes, the empty message too', async () => {
    const vault = await open();
    for (const plain of ['', 'hunter2', 'ünï', 'x'.repeat(100_000)]) {
      assert.equal((await vault.open(vault.seal(plain, place), place)).toString(), plain);
    }
    assert.deepEqual([...(await vault.open(vault.seal(new Uint8Array([0, 255]), place), place))], [0, 255]);
  });

  it('seals the same message differently each time', async () => {
    const vault = await open();
    assert.notDeepEqual(vault.seal('same', place), vault.seal('same', place));
  });

  it('notices every flipped bit, wherever it is', async () => {
    const vault = await open();
    const sealed = Buffer.from(vault.seal('hunter2', place));
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = Buffer.from(sealed);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await assert.rejects(vault.open(altered, place), `bit ${bit}`);
    }
  });

  it('notices a message that was moved or cut, and names the place but not the message', async () => {
    const vault = await open();
    const sealed = vault.seal('hunter2', place);
    await assert.rejects(vault.open(sealed, 'intent_resource:01ABC:config'), /01ABC:config was altered or moved/);
    for (let length = 0; length < sealed.length; length += 1) {
      await assert.rejects(
        vault.open(sealed.subarray(0, length), place),
        (error: Error) => !error.message.includes('hunter2'),
      );
    }
  });

  it('retires a data key before it has sealed its number of messages, and still opens what it sealed', async () => {
    const vault = await open({ messages: 40, block: 10 });
    const sealed: Uint8Array[] = [];
    const keys = new Map<number, number>();
    for (let at = 0; at < 200; at += 1) {
      const message = vault.seal(`message ${at}`, place);
      const key = Buffer.from(message).readUInt32BE(1);
      keys.set(key, (keys.get(key) ?? 0) + 1);
      sealed.push(message);
      await new Promise((resolve) => setTimeout(resolve, 2)); // lets the vault count ahead
    }
    assert.ok(keys.size >= 5, `${keys.size} keys`);
    for (const [key, count] of keys) assert.ok(count <= 40, `key ${key} sealed ${count}`);
    for (const [at, message] of sealed.entries()) {
      assert.equal((await vault.open(message, place)).toString(), `message ${at}`);
    }
    const { rows } = await connection.executeSql('select count(*)::int as n from data_key where retired_at is null');
    assert.deepEqual(rows, [{ n: 1 }]);
  });

  it('never seals more than it has counted, even when it cannot count', async () => {
    const vault = await open({ messages: 40, block: 10 });
    for (let at = 0; at < 10; at += 1) vault.seal('x', place);
    assert.throws(() => vault.seal('x', place), /data key has messages left/);
  });

  it('reads what was sealed before a restart, and under keys that another server made', async () => {
    const [one, two] = [await open(), await open()];
    await connection.executeSql('update data_key set retired_at = now()');
    const three = await open();
    const sealed = three.seal('from the third', place);
    assert.equal((await one.open(sealed, place)).toString(), 'from the third');
    assert.equal((await two.open(sealed, place)).toString(), 'from the third');
  });

  it('rotates the key-encryption key: old messages, other servers and restarts go on', async () => {
    const [vault, other] = [await open(), await open()];
    const sealed = vault.seal('hunter2', place);
    const before = await connection.executeSql('select key_id, wrapped from data_key');
    await vault.rotate();
    const after = await connection.executeSql('select key_id, wrapped from data_key');
    assert.notDeepEqual(after.rows, before.rows);
    await connection.executeSql('update data_key set retired_at = now()');
    const restarted = await open();
    for (const one of [vault, other, restarted]) {
      assert.equal((await one.open(sealed, place)).toString(), 'hunter2');
    }
    assert.equal((await other.open(restarted.seal('new', place), place)).toString(), 'new');
  });

  it('keeps every key when two servers rotate at once', async () => {
    const [one, two] = [await open(), await open()];
    const sealed = one.seal('hunter2', place);
    await Promise.all([one.rotate(), two.rotate(), one.rotate()]);
    const [row] = (await connection.executeSql('select key_id from data_key')).rows as { key_id: string }[];
    const { keys } = JSON.parse(await readFile(keyFile, 'utf8')) as { keys: Record<string, string> };
    assert.equal(Object.keys(keys).length, 4);
    assert.ok(row !== undefined && row.key_id in keys);
    assert.equal((await (await open()).open(sealed, place)).toString(), 'hunter2');
  });

  it('makes the key file for its owner only, once, also when two servers start together', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(join(keyFile, '..')), ['keys.json']);
    assert.equal((await two.open(one.seal('x', place), place)).toString(), 'x');
    assert.equal((await one.open(two.seal('x', place), place)).toString(), 'x');
  });

  it('refuses to start without the key file of its database, and leaves no other one behind', async () => {
    await open();
    keyFile = join(keyFile, '../lost.json');
    await assert.rejects(open(), /lost\.json lacks key .*restore the file that belongs to it/);
    assert.deepEqual(await readdir(join(keyFile, '..')), ['keys.json']);
  });

  it('refuses a damaged key file in words and without its keys', async () => {
    await open();
    const text = await readFile(keyFile, 'utf8');
    const secret = Object.values((JSON.parse(text) as { keys: Record<string, string> }).keys)[0] ?? '';
    const damaged: [string, RegExp][] = [
      ['', /is not JSON/],
      ['[]', /must hold "current" and "keys"/],
      [text.replace(/"current": "[^"]*"/, '"current": "gone"'), /names gone, which is not among the keys/],
      [text.replace(secret, secret.slice(8)), /must be 32 bytes in base64/],
    ];
    for (const [content, message] of damaged) {
      await writeFile(keyFile, content);
      await assert.rejects(
        open(),
        (error: Error) => message.test(error.message) && !error.message.includes(secret.slice(8)),
      );
    }
  });
});
