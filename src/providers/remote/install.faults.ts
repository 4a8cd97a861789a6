import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';

import { AppError } from '../../shared/errors.ts';
import { campaign, type Random, tell } from '../../testing/campaign.ts';
import { archiveOf, createTestKey, signBytes, type TestKey } from '../../testing/registry.ts';
import { useRegistry } from '../../testing/registry-bench.ts';
import { spellingsOf } from '../../testing/url-spellings.ts';
import { zipArchive } from '../../testing/zip-archive.ts';
import { verifyBinary } from '../index.ts';
import { hostPlatform } from '../mirror.ts';

const address = 'acme/cloud';
const zip = `terraform-provider-cloud_1.0.0_${hostPlatform()}.zip`;
const download = `/download/${hostPlatform().replace('_', '/')}`;
// Ten spellings of a place outside.
const leavingNames = [
  '../evil', 'a/../../evil', '..\\evil', 'a\\..\\..\\evil', '/evil', '\\evil', 'C:/evil', '..', './../evil', '//evil',
] as const; // prettier-ignore
const BOMB_BYTES = 3_000_000;
const PROGRAM = 'terraform-provider-cloud_v1.0.0';
const genuine = archiveOf(address, '1.0.0');
const evil = archiveOf(address, 'evil');
const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

type Body = string | Uint8Array;
interface Attack {
  readonly name: string;
  readonly make: (random: Random) => Promise<void> | void;
  /** Only somebody who has installed it before can tell. */
  readonly pinned?: true;
  /** What becomes of the program when it has been checked. */
  readonly swap?: (path: string, random: Random) => void;
}

// Named attacks are in `attacks.test.ts`; these are the same and more, at random places and in number.
describe('packages on their way here', function (this: Mocha.Suite) {
  this.timeout(0);
  const bench = useRegistry();
  let stranger: TestKey;
  before(async () => {
    bench.registry.publish({ address, version: '1.0.0' });
    stranger = await createTestKey();
  });

  const alterBody = (suffix: string, change: (body: Buffer) => Body): void =>
    bench.registry.alter(suffix, ({ body }) => ({ body: change(Buffer.from(body)) }));
  const alterDownload = (change: (fields: Record<string, unknown>) => void): void =>
    alterBody(download, (body) => {
      const fields = JSON.parse(body.toString()) as Record<string, unknown>;
      change(fields);
      return JSON.stringify(fields);
    });
  /** An archive with everything right about it: its checksum is in the sums, and they are signed by the publisher. */
  async function publishSigned(archive: Buffer, key: TestKey = bench.registry.key): Promise<void> {
    const sums = `${sha256(archive)}  ${zip}\n`;
    const signature = await signBytes(sums, key);
    alterDownload((fields) => (fields['shasum'] = sha256(archive)));
    bench.registry.alter('SHA256SUMS', () => ({ body: sums }));
    bench.registry.alter('SHA256SUMS.sig', () => ({ body: signature }));
    bench.registry.alter('.zip', () => ({ body: archive }));
  }
  const missing = (suffix: string, random: Random): void =>
    bench.registry.alter(suffix, () => ({ status: random.pick([204, 400, 404, 500]), body: '' }));
  const redirect = (suffix: string) => (random: Random) => {
    const location = random.pick(spellingsOf(9));
    bench.registry.alter(suffix, () => ({
      status: random.pick([301, 302, 303, 307, 308]),
      headers: { location: encodeURI(location) },
    }));
  };
  const fields = [
    'filename',
    'download_url',
    'shasum',
    'shasums_url',
    'shasums_signature_url',
    'signing_keys',
    'protocols',
    'os',
    'arch',
  ];
  const odd: readonly unknown[] = [
    null,
    '',
    0,
    true,
    [],
    {},
    'x'.repeat(100_000),
    '../../etc/passwd',
    'file:///etc/passwd',
    [[]],
    { gpg_public_keys: [{}] },
  ];
  const parts = ['..', '/', '\\', 'a', '...', '.', 'C:', '~', '\u0000', '%2e%2e', '\u2215', '\uff0e', 'etc', ' '];

  const attacks: readonly Attack[] = [
    { name: 'the archive, damaged', make: (random) => alterBody('.zip', (body) => damaged(random, body)) },
    { name: 'another archive', make: () => alterBody('.zip', () => evil) },
    { name: 'an archive of noise', make: (random) => alterBody('.zip', () => noise(random, 1 + random.below(3_000))) },
    {
      name: 'no archive',
      make: (random) => bench.registry.alter('.zip', () => ({ status: random.pick([204, 400, 404, 500]), body: '' })),
    },
    { name: 'the checksums, damaged', make: (random) => alterBody('SHA256SUMS', (body) => damaged(random, body)) },
    {
      name: 'checksums of another archive',
      make: () => (alterBody('SHA256SUMS', () => `${sha256(evil)}  ${zip}\n`), alterBody('.zip', () => evil)),
    },
    {
      name: 'checksums and statement of another archive',
      make: () => {
        alterDownload((all) => (all['shasum'] = sha256(evil)));
        alterBody('SHA256SUMS', () => `${sha256(evil)}  ${zip}\n`);
        alterBody('.zip', () => evil);
      },
    },
    { name: 'the signature, damaged', make: (random) => alterBody('SHA256SUMS.sig', (body) => damaged(random, body)) },
    {
      name: 'a signature of noise',
      make: (random) => alterBody('SHA256SUMS.sig', () => noise(random, random.below(300))),
    },
    { name: 'signed by a stranger', make: () => publishSigned(evil, stranger) },
    {
      name: 'signed by a stranger who says to be the publisher',
      pinned: true,
      make: async () => {
        await publishSigned(evil, stranger);
        alterDownload((all) => {
          all['shasum'] = sha256(evil);
          all['signing_keys'] = { gpg_public_keys: [{ key_id: bench.registry.key.id, ascii_armor: stranger.armor }] };
        });
      },
    },
    { name: 'a statement without a field', make: (random) => alterDownload((all) => delete all[random.pick(fields)]) },
    {
      name: 'a statement with something odd',
      make: (random) => alterDownload((all) => (all[random.pick(fields)] = random.pick(odd))),
    },
    {
      name: 'a statement that is no JSON',
      make: (random) => alterBody(download, (body) => body.subarray(0, random.below(body.length))),
    },
    { name: 'a private address for the archive', make: redirect('.zip') },
    { name: 'a private address for the checksums', make: redirect('SHA256SUMS') },
    { name: 'a private address for the signature', make: redirect('SHA256SUMS.sig') },
    { name: 'a private address for the statement', make: redirect(download) },
    {
      name: 'a private address in the statement',
      make: (random) =>
        alterDownload(
          (all) =>
            (all[random.pick(['download_url', 'shasums_url', 'shasums_signature_url'])] = random.pick(spellingsOf(9))),
        ),
    },
    {
      name: 'signed names that lead out',
      make: (random) => {
        const made = Array.from({ length: 1 + random.below(6) }, () => random.pick(parts)).join('');
        const name = random.chance(0.5) ? made : random.pick(leavingNames);
        return publishSigned(
          zipArchive([
            { name: PROGRAM, content: '1.0.0', mode: 0o100755 },
            { name, content: 'evil' },
          ]),
        );
      },
    },
    {
      name: 'signed links',
      make: (random) =>
        publishSigned(
          zipArchive([{ name: PROGRAM, content: random.pick(['/bin/sh', '../../x', '.']), mode: 0o120777 }]),
        ),
    },
    { name: 'signed, without a program', make: () => publishSigned(zipArchive([{ name: 'README', content: 'x' }])) },
    {
      name: 'signed, with two programs',
      make: () =>
        publishSigned(zipArchive([PROGRAM, PROGRAM].map((name) => ({ name, content: 'evil', mode: 0o100755 })))),
    },
    { name: 'no signature', make: (random) => missing('SHA256SUMS.sig', random) },
    { name: 'no checksums', make: (random) => missing('SHA256SUMS', random) },
    {
      name: 'signed, for another machine',
      make: () =>
        publishSigned(zipArchive([{ name: 'terraform-provider-other_v1.0.0', content: 'evil', mode: 0o100755 }])),
    },
    {
      name: 'the name of another machine',
      make: (random) =>
        alterDownload((all) => {
          all['filename'] = zip.replace(hostPlatform(), random.pick(['plan9_mips', 'windows_amd64', 'darwin_arm64']));
        }),
    },
    {
      name: 'signed, with sizes that are not so',
      make: (random) =>
        publishSigned(
          zipArchive([
            { name: PROGRAM, content: 'evil', mode: 0o100755 },
            { name: 'more', content: Buffer.alloc(1_000 + random.below(1_000), 'ab'), claimedSize: random.below(900) },
          ]),
        ),
    },
    {
      name: 'signed, a bomb',
      make: (random) =>
        publishSigned(
          zipArchive([
            { name: PROGRAM, content: 'evil', mode: 0o100755 },
            { name: 'bomb', content: Buffer.alloc(BOMB_BYTES + random.below(BOMB_BYTES)) },
          ]),
        ),
    },
    { name: 'another package under a pinned version, signed', pinned: true, make: () => publishSigned(evil) },
    {
      name: 'a program that is exchanged when it has been checked',
      make: () => undefined,
      swap: (path, random) =>
        random.pick([
          () => writeFileSync(path, 'evil!'),
          () => appendFileSync(path, 'evil'),
          () => truncateSync(path, 1),
          () => (rmSync(path), symlinkSync('/bin/true', path)),
          () => rmSync(path),
        ])(),
    },
    { name: 'signed, damaged before', make: (random) => publishSigned(damaged(random, genuine)) },
  ];
  const cases = campaign('packages on their way here', {
    short: attacks.length,
    tenth: 20 * attacks.length,
    full: 200 * attacks.length,
  });

  it(`are refused or are what was published: ${cases.count} attacks of ${attacks.length} kinds, none runs anything else`, async () => {
    const seen = new Map<string, number>();
    await cases.run(async (random, index) => {
      const { name, make, pinned, swap } = attacks[index % attacks.length] ?? assert.fail('there are attacks');
      bench.registry.reset();
      const lockFile = bench.at(`lock-${index}.hcl`);
      if (pinned === true)
        await bench.source({ cacheDir: bench.at(`cache-before-${index}`), lockFile }).resolve(address);
      await make(random);
      const source = bench.source({ cacheDir: bench.at(`cache-${index}`), lockFile });
      const outcome = await source
        .resolve(address)
        .then(async (binary) => {
          swap?.(binary.path, random);
          await verifyBinary(binary); // as is done before each start
          return readFileSync(binary.path, 'utf8');
        })
        .catch((error: unknown) => (error instanceof AppError ? error.code : assert.fail(`${name}: ${String(error)}`)));
      assert.match(
        outcome,
        /^(?:1\.0\.0|PROVIDER_REFUSED|UNAVAILABLE|NO_SUCH|BAD_INPUT|LIMIT_EXCEEDED)$/,
        `${name}: ${outcome}`,
      );
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      const outside = readdirSync(bench.at()).filter(
        (each) => !/^(?:cache|lock)-(?:before-)?\d+(?:\.hcl)?$/.test(each),
      );
      assert.deepEqual(outside, [], name);
    });
    tell([...seen].map(([outcome, count]) => `${outcome === '1.0.0' ? 'as published' : outcome} ${count}`).join(', '));
  });
});

/** Some bytes changed, left out or put in; never the same as before. */
function damaged(random: Random, body: Buffer): Buffer {
  const at = random.below(body.length);
  const way = random.below(4);
  if (way === 0) return body.subarray(0, at);
  if (way === 1) return Buffer.concat([body.subarray(0, at), noise(random, 1 + random.below(9)), body.subarray(at)]);
  const altered = Buffer.from(body);
  altered[at] = (altered[at] ?? 0) ^ (1 << random.below(8));
  if (way === 2) return altered;
  return Buffer.concat([altered.subarray(0, at), altered.subarray(at + 1)]);
}

function noise(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
