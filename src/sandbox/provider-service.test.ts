import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { JsonObject } from '../shared/json.ts';
import { aSandbox } from '../testing/sandbox-calls.ts';
import { faultNames } from './faults.ts';

describe('sandbox_pet', () => {
  const sandbox = aSandbox();

  it('makes a name of as many words as wanted', async () => {
    const { state } = await sandbox.create('sandbox_pet', { length: 4, prefix: 'my', separator: '_' });
    assert.match(textOf(state, 'id'), /^my(?:_[a-z]+){4}$/);
  });

  it('has defaults and a computed id in its plan', async () => {
    const plan = await sandbox.plan('sandbox_pet', null, {});
    assert.deepEqual(plan.planned, { id: null, length: 2, prefix: null, separator: '-', keepers: null });
    assert.deepEqual(plan.unknown, ['id']);
  });

  it('stays as it is while nothing changes, and is replaced when a keeper does', async () => {
    const config = { keepers: { a: '1', b: '2' } };
    const { state } = await sandbox.create('sandbox_pet', config);
    assert.ok(state);
    const same = await sandbox.plan('sandbox_pet', state, config);
    assert.deepEqual([same.planned, same.replacedBy], [state, []]);
    const other = await sandbox.plan('sandbox_pet', state, { keepers: { a: '1' } });
    assert.deepEqual([other.replacedBy, other.unknown], [['keepers'], ['id']]);
  });

  for (const length of [0, 9, 1.5, -1]) {
    it(`refuses a length of ${length} by naming the attribute`, async () => {
      assert.deepEqual(await sandbox.validate('sandbox_pet', { length }), [
        `length: Invalid length: length must be a whole number from 1 to 8, not ${length}.`,
      ]);
    });
  }

  it('is imported by its name', async () => {
    assert.deepEqual((await sandbox.importState('sandbox_pet', 'calmly-brave-otter')).state, {
      id: 'calmly-brave-otter',
      length: 3,
      prefix: null,
      separator: '-',
      keepers: null,
    });
  });

  it('takes over state of schema version 0, which called the length words', async () => {
    const old = { id: 'a-b', words: 2, separator: '-', gone: true };
    assert.deepEqual(await sandbox.upgrade('sandbox_pet', 0, old), {
      id: 'a-b',
      length: 2,
      prefix: null,
      separator: '-',
      keepers: null,
    });
  });
});

describe('sandbox_string', () => {
  const sandbox = aSandbox();

  it('has the kinds of characters that are wanted, at least as often', async () => {
    for (let round = 0; round < 30; round += 1) {
      const config = { length: 10, upper: false, min_lower: 2, min_numeric: 3, min_special: 4 };
      const { state } = await sandbox.create('sandbox_string', config);
      for (const text of [textOf(state, 'result'), textOf(state, 'secret_result')]) {
        assert.equal(text.length, 10);
        assert.ok(
          !/[A-Z]/.test(text) && count(text, /[a-z]/g) >= 2 && count(text, /\d/g) >= 3 && count(text, /[^a-z\d]/g) >= 4,
          text,
        );
      }
      assert.notEqual(state?.['result'], state?.['secret_result']);
    }
  });

  it('marks the secret in its schema', async () => {
    assert.equal(await sandbox.isSensitive('sandbox_string', 'secret_result'), true);
    assert.equal(await sandbox.isSensitive('sandbox_string', 'result'), false);
  });

  const refused: [JsonObject, string][] = [
    [{}, 'length: Missing attribute: length is required.'],
    [{ length: 0 }, 'length: Invalid length: length must be a whole number from 1 to 4096, not 0.'],
    [
      { length: 3, min_lower: 2, min_upper: 2 },
      'length: Length too small: The min_ attributes ask for 4 characters, length allows 3.',
    ],
    [{ length: 3, lower: false, min_lower: 1 }, 'min_lower: Contradiction: min_lower is 1, but lower is false.'],
    [
      { length: 3, min_special: -1 },
      'min_special: Invalid minimum: min_special must be a whole number from 0, not -1.',
    ],
    [
      { length: 3, upper: false, lower: false, numeric: false, special: false },
      'lower: No characters left: At least one of upper, lower, numeric and special must be true.',
    ],
  ];
  for (const [config, problem] of refused) {
    it(`refuses ${JSON.stringify(config)}`, async () => {
      assert.deepEqual(await sandbox.validate('sandbox_string', config), [problem]);
    });
  }

  it('cannot be judged while its length is unknown', async () => {
    assert.deepEqual(await sandbox.validate('sandbox_string', { min_lower: 5 }, ['length']), []);
  });
});

describe('sandbox_file', () => {
  let base: string;
  let root: string;
  let sandbox: ReturnType<typeof aSandbox>;

  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), 'sluice-sandbox-'));
    root = join(base, 'root');
    mkdirSync(root);
    sandbox = aSandbox();
    await sandbox.configure({ root });
  });
  afterEach(() => rmSync(base, { recursive: true }));

  async function created(config: JsonObject): Promise<JsonObject> {
    const { state, problems } = await sandbox.create('sandbox_file', config);
    assert.deepEqual(problems, []);
    assert.ok(state);
    return state;
  }

  it('is written with its folder, mode and checksum', async () => {
    const state = await created({ path: 'a/b.txt', content: 'hällo', mode: '0600' });
    assert.equal(readFileSync(join(root, 'a/b.txt'), 'utf8'), 'hällo');
    assert.deepEqual(state, {
      path: 'a/b.txt',
      content: 'hällo',
      sensitive_content: null,
      mode: '0600',
      id: 'a/b.txt',
      sha256: createHash('sha256').update('hällo').digest('hex'),
      size: 6,
    });
  });

  it('changes content in place and keeps its id', async () => {
    const state = await created({ path: 'a', content: '1' });
    const plan = await sandbox.plan('sandbox_file', state, { path: 'a', content: '2' });
    assert.deepEqual([plan.replacedBy, plan.unknown, plan.planned?.['id']], [[], ['sha256', 'size'], 'a']);
    const { state: after } = await sandbox.apply('sandbox_file', state, { path: 'a', content: '2' });
    assert.deepEqual([after?.['content'], readFileSync(join(root, 'a'), 'utf8')], ['2', '2']);
  });

  it('is replaced when its path changes', async () => {
    const state = await created({ path: 'a', content: '1' });
    assert.deepEqual((await sandbox.plan('sandbox_file', state, { path: 'b', content: '1' })).replacedBy, ['path']);
  });

  it('is not planned again while nothing changes', async () => {
    const state = await created({ path: 'a', content: '1' });
    assert.deepEqual((await sandbox.plan('sandbox_file', state, { path: 'a', content: '1' })).planned, state);
  });

  it('shows drift of content and mode, and its end', async () => {
    const state = await created({ path: 'a', content: '1' });
    writeFileSync(join(root, 'a'), 'other');
    chmodSync(join(root, 'a'), 0o640);
    const drifted = await sandbox.read('sandbox_file', state);
    assert.deepEqual(
      [drifted.state?.['content'], drifted.state?.['mode'], drifted.state?.['size']],
      ['other', '0640', 5],
    );
    rmSync(join(root, 'a'));
    assert.deepEqual(await sandbox.read('sandbox_file', state), { state: null, problems: [] });
  });

  it('keeps sensitive content where it was', async () => {
    const state = await created({ path: 'a', sensitive_content: 's' });
    const again = await sandbox.read('sandbox_file', state);
    assert.deepEqual([again.state?.['content'], again.state?.['sensitive_content']], [null, 's']);
  });

  it('is deleted, also when it is gone already', async () => {
    const state = await created({ path: 'a', content: '1' });
    assert.deepEqual(await sandbox.apply('sandbox_file', state, null), { state: null, problems: [] });
    assert.equal(existsSync(join(root, 'a')), false);
    assert.deepEqual(await sandbox.apply('sandbox_file', state, null), { state: null, problems: [] });
  });

  it('does not write over a file that is there', async () => {
    writeFileSync(join(root, 'a'), 'mine');
    const { state, problems } = await sandbox.create('sandbox_file', { path: 'a', content: '1' });
    assert.equal(state, null);
    assert.deepEqual(problems, ['path: The file cannot be used: a exists already; import it or choose another path.']);
    assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'mine');
  });

  it('is imported by its path', async () => {
    writeFileSync(join(root, 'a'), 'mine', { mode: 0o600 });
    const { state } = await sandbox.importState('sandbox_file', 'a');
    assert.deepEqual([state?.['path'], state?.['content'], state?.['mode']], ['a', 'mine', '0600']);
    assert.match((await sandbox.importState('sandbox_file', 'b')).problems.join(), /there is no file b/);
  });

  it('is read as a data source', async () => {
    writeFileSync(join(root, 'a'), 'mine');
    const { state } = await sandbox.readData('sandbox_file', { path: 'a' });
    assert.deepEqual([state?.['content'], state?.['size']], ['mine', 4]);
  });

  for (const path of [
    '../evil',
    '/tmp/evil',
    'a/../../evil',
    'a//b',
    './a',
    'a\\..\\b',
    '',
    '..',
    'a/..',
    'x\u0000y',
    'x'.repeat(300),
  ]) {
    it(`refuses the path ${JSON.stringify(path.slice(0, 20))} when validated and when applied`, async () => {
      assert.match((await sandbox.validate('sandbox_file', { path, content: '1' })).join(), /^path: Invalid path/);
      const { state, problems } = await sandbox.create('sandbox_file', { path, content: '1' });
      assert.equal(state, null);
      assert.match(problems.join(), /must be relative/);
      assert.match((await sandbox.importState('sandbox_file', path)).problems.join(), /must be relative/);
    });
  }

  it('does not follow links out of the root', async () => {
    writeFileSync(join(base, 'secret'), 'secret');
    symlinkSync(base, join(root, 'up'));
    symlinkSync(join(base, 'secret'), join(root, 'link'));
    for (const path of ['up/secret', 'up/new', 'link']) {
      assert.match(
        (await sandbox.create('sandbox_file', { path, content: '1' })).problems.join(),
        /leads out|no regular file/,
        path,
      );
      assert.equal((await sandbox.importState('sandbox_file', path)).state, null);
    }
    assert.equal(readFileSync(join(base, 'secret'), 'utf8'), 'secret');
    assert.equal(existsSync(join(base, 'new')), false);
  });

  const refused: [JsonObject, RegExp][] = [
    [{ path: 'a' }, /^content: Content missing or given twice/],
    [{ path: 'a', content: '1', sensitive_content: '2' }, /^content: Content missing or given twice/],
    [{ path: 'a', content: '1', mode: '888' }, /^mode: Invalid mode/],
    [{ path: 'a', content: '1', mode: '4755' }, /^mode: Invalid mode/],
    [{ path: 'a', content: 'x'.repeat(1024 ** 2 + 1) }, /^content: Content too large/],
  ];
  for (const [config, problem] of refused) {
    it(`refuses ${JSON.stringify(config).slice(0, 60)}`, async () => {
      assert.match((await sandbox.validate('sandbox_file', config)).join(), problem);
    });
  }

  it('lives in a folder of its own where the provider runs, when no root is named', async () => {
    const before = process.cwd();
    process.chdir(base);
    try {
      assert.deepEqual((await aSandbox().create('sandbox_file', { path: 'a', content: '1' })).problems, []);
    } finally {
      process.chdir(before);
    }
    assert.equal(readFileSync(join(base, 'sandbox-files/a'), 'utf8'), '1');
  });

  it('lives in a folder of its own for each project', async () => {
    const [mine, other] = ['mine', 'other'].map((id) => aSandbox({ SLUICE_SANDBOX_PROJECT: id }));
    assert.ok(mine !== undefined && other !== undefined);
    const before = process.cwd();
    process.chdir(base);
    try {
      await mine.create('sandbox_file', { path: 'a', content: '1' });
      assert.equal((await other.importState('sandbox_file', 'a')).state, null);
      assert.equal(textOf((await mine.importState('sandbox_file', 'a')).state, 'content'), '1');
      const astray = aSandbox({ SLUICE_SANDBOX_PROJECT: '../mine' });
      await assert.rejects(astray.importState('sandbox_file', 'a'), /must be the id of a project/);
    } finally {
      process.chdir(before);
    }
  });

  it('can be given its root by the environment', async () => {
    await aSandbox({ SLUICE_SANDBOX_ROOT: root }).create('sandbox_file', { path: 'a', content: '1' });
    assert.equal(readFileSync(join(root, 'a'), 'utf8'), '1');
  });

  it('is not taken for deleted when the root that was named is gone', async () => {
    const state = await created({ path: 'a', content: '1' });
    rmSync(root, { recursive: true });
    const { state: kept, problems } = await sandbox.read('sandbox_file', state);
    assert.deepEqual(kept, state);
    assert.match(problems.join(), /the root folder .* does not exist; create it or set another root/);
    mkdirSync(root);
  });
});

describe('sandbox_words', () => {
  it('lists the words that begin as wanted', async () => {
    const { state } = await aSandbox().readData('sandbox_words', { starts_with: 'ba' });
    assert.deepEqual(state?.['words'], ['badger']);
  });
});

describe('faults of the sandbox', () => {
  it('are documented, one line each', () => {
    const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');
    for (const [name, value] of Object.entries(faultNames))
      assert.ok(page.includes(`| \`${name}\` | ${value} |`), name);
  });

  it('are refused when their name is unknown', async () => {
    const problems = await aSandbox().validateProvider({ faults: { crahs: 'x' } });
    assert.match(problems.join(), /^faults\.crahs: Unknown fault: There is no fault "crahs"; there are crash, /);
  });

  it('leave an object behind a failed create', async () => {
    const sandbox = aSandbox({ SLUICE_SANDBOX_FAULTS: '{"fail_create":"yes"}' });
    const { state, problems } = await sandbox.create('sandbox_pet', {});
    assert.ok(state?.['id'] !== null && problems.length === 1);
  });

  it('answer otherwise than planned', async () => {
    const sandbox = aSandbox();
    await sandbox.configure({ faults: { change_planned: 'separator' } });
    assert.equal((await sandbox.create('sandbox_pet', {})).state?.['separator'], '-!');
  });

  it('leave computed values unknown', async () => {
    const sandbox = aSandbox({ SLUICE_SANDBOX_FAULTS: '{"unknown_after_apply":"yes"}' });
    assert.deepEqual((await sandbox.create('sandbox_pet', {})).unknown, ['id']);
  });
});

function textOf(state: JsonObject | null, name: string): string {
  const value = state?.[name];
  assert.ok(typeof value === 'string', name);
  return value;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
