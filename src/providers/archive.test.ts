import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';

import { zipArchive, type ZipEntry } from '../testing/zip-archive.ts';
import { extractArchive } from './archive.ts';
import { contentHash } from './package-hash.ts';

describe('a provider archive', () => {
  let base: string;
  let folder: string;

  beforeEach(async () => {
    base = mkdtempSync(join(tmpdir(), 'sluice-archive-'));
    folder = join(base, 'in', 'folder');
    await mkdir(folder, { recursive: true });
  });
  afterEach(() => rmSync(base, { recursive: true }));

  const limits = { maxFiles: 20, maxTotalBytes: 4_000_000, maxRatio: 100 };

  async function extract(entries: readonly ZipEntry[], bytes = zipArchive(entries)): Promise<string> {
    writeFileSync(join(base, 'a.zip'), bytes);
    return contentHash(await extractArchive(join(base, 'a.zip'), folder, limits));
  }

  it('is unpacked with names, contents and the right to execute', async () => {
    await extract([
      { name: 'LICENSE', content: 'free' },
      { name: 'docs/', mode: 0o040755 },
      { name: 'docs/a.md', content: 'a' },
      { name: 'terraform-provider-x_v1.0.0', content: '#!/bin/sh\n', mode: 0o100755 },
    ]);
    assert.equal(readFileSync(join(folder, 'docs/a.md'), 'utf8'), 'a');
    assert.equal(statSync(join(folder, 'terraform-provider-x_v1.0.0')).mode & 0o777, 0o755);
    assert.equal(statSync(join(folder, 'LICENSE')).mode & 0o777, 0o644);
  });

  it('has the h1 checksum that a shell computes', async () => {
    const h1 = await extract([
      { name: 'b', content: 'two' },
      { name: 'a', content: 'one' },
    ]);
    const script = 'sha256sum a b | openssl dgst -sha256 -binary | base64 -w0';
    assert.equal(h1, `h1:${execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })}`);
  });

  const leaving = [
    '../evil',
    'a/../../evil',
    '..\\evil',
    'a\\..\\..\\evil',
    '/evil',
    '\\evil',
    'C:evil',
    'C:/evil',
    '..',
    './../evil',
  ];
  leaving.push(
    'a/..',
    '//evil',
    '../folder2/evil',
    'ok/\u0000/../../evil',
    '.',
    './a',
    '.. /evil',
    'a/.../evil.',
    ' ../../evil',
  );
  for (const name of leaving) {
    it(`is refused with the name ${JSON.stringify(name)}; nothing is written`, async () => {
      await assert.rejects(
        extract([
          { name: 'first', content: 'x' },
          { name, content: 'x' },
        ]),
        { code: 'PROVIDER_REFUSED' },
      );
      assert.deepEqual(readdirSync(folder), []);
      assert.deepEqual(readdirSync(join(base, 'in')), ['folder']);
      assert.deepEqual(readdirSync(base).toSorted(), ['a.zip', 'in']);
    });
  }

  const hostile: Record<string, readonly ZipEntry[]> = {
    'a link': [{ name: 'l', content: '/etc/passwd', mode: 0o120777 }],
    'a file through a link': [
      { name: 'd', content: '..', mode: 0o120777 },
      { name: 'd/evil', content: 'x' },
    ],
    'a device': [{ name: 'null', mode: 0o020666 }],
    'a name twice': [
      { name: 'a', content: '1' },
      { name: 'a', content: '2' },
    ],
    'names that differ in case only': [
      { name: 'a', content: '1' },
      { name: 'A', content: '2' },
    ],
    'names that differ in Unicode form only': [
      { name: 'é', content: '1' },
      { name: 'e\u0301', content: '2' },
    ],
    'a file that is also a folder': [
      { name: 'a', content: '1' },
      { name: 'a/b', content: '2' },
    ],
    'a file that is also a folder, the other way round': [
      { name: 'a/b', content: '1' },
      { name: 'A', content: '2' },
    ],
    'an encrypted file': [{ name: 'a', content: '1', flags: 1 }],
    'too many files': Array.from({ length: 21 }, (_, at) => ({ name: `f${at}` })),
    'a bomb by ratio': [{ name: 'bomb', content: Buffer.alloc(3_000_000) }],
    'a bomb in parts': Array.from({ length: 10 }, (_, at) => ({ name: `b${at}`, content: Buffer.alloc(500_000, at) })),
    'a size that is not what it claims': [{ name: 'a', content: Buffer.alloc(1000, 'ab'), claimedSize: 10 }],
    'a size that is less than it claims': [{ name: 'a', content: 'x', claimedSize: 1000 }],
    'an empty name': [{ name: '', content: 'x' }],
  };
  for (const [what, entries] of Object.entries(hostile)) {
    it(`is refused with ${what}`, async () => {
      await assert.rejects(extract(entries), {
        code: 'PROVIDER_REFUSED',
        message: /a\.zip .*get it again from its publisher$/,
      });
    });
  }

  it('stays in its folder under any name that is accepted', async () => {
    const part = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      'a',
      'B',
      ' ',
      'C:',
      '~',
      '\u0000',
      '\u2215',
      '\uff0e',
      'con',
      '%2e%2e',
      '...',
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        rmSync(join(base, 'in'), { recursive: true });
        await mkdir(folder, { recursive: true });
        const unpacked = await extract([{ name: parts.join(''), content: 'x' }]).catch(() => undefined);
        const outside = [readdirSync(base).toSorted(), readdirSync(join(base, 'in'))];
        assert.deepEqual(outside, [['a.zip', 'in'], ['folder']]);
        if (unpacked === undefined) return;
        accepted += 1;
        const inside = readdirSync(folder, { recursive: true }).length;
        assert.ok(inside > 0 || parts.join('').endsWith('/'), parts.join(''));
      }),
      { numRuns: 300 },
    );
    assert.ok(accepted > 20, `only ${accepted} names were accepted: the test says nothing`);
  });

  it('is refused when it is too large in all', async () => {
    const noise = Array.from({ length: 5 }, (_, at) => ({ name: `n${at}`, content: randomText(1_000_000, at + 1) }));
    await assert.rejects(extract(noise), { code: 'PROVIDER_REFUSED', message: /unpacks to more than 4000000 bytes/ });
  });

  it('does not blame the archive for a full disk or a missing folder', async () => {
    writeFileSync(join(base, 'a.zip'), zipArchive([{ name: 'a', content: 'x' }]));
    await assert.rejects(extractArchive(join(base, 'a.zip'), join(base, 'a.zip', 'x'), limits), {
      code: 'UNAVAILABLE',
      message: /ENOTDIR/,
    });
  });

  it('is refused when it is cut short, wherever that is', async () => {
    const whole = zipArchive([{ name: 'a', content: randomText(2000, 7) }]);
    for (let length = 0; length < whole.length; length += 97) {
      await assert.rejects(extract([], whole.subarray(0, length)), { code: 'PROVIDER_REFUSED' }, `cut at ${length}`);
    }
  });

  it('is refused when a byte of its content is changed', async () => {
    const whole = zipArchive([{ name: 'a', content: randomText(2000, 7) }]);
    whole[100] = (whole[100] ?? 0) ^ 0xff;
    await assert.rejects(extract([], whole), { code: 'PROVIDER_REFUSED' });
  });
});

/** Text that packs badly, the same for the same seed. */
function randomText(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 16;
    }),
  );
}
