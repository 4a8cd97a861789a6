import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { hostPlatform } from '../providers/mirror.ts';
import { findTool } from './tools.ts';
import { zipArchive } from './zip-archive.ts';

const run = promisify(execFile);
const folderOf = (name: string): string => fileURLToPath(new URL(`./${name}/`, import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/sluice/', import.meta.url));

/** The provider that `go-provider/` builds. */
export const fixtureAddress = 'sluice/fixture';
export const fixtureVersion = '1.0.0';

/** A real provider by someone else, of protocol 5. */
export const timeAddress = 'hashicorp/time';
export const timeVersion = '0.14.2';

/** The provider that `legacy-provider/` builds: on the old SDK, of protocol 5. */
export const legacyAddress = 'sluice/legacy';
export const legacyVersion = '1.0.0';

let fixture: Promise<string> | undefined;
let aws: Promise<string> | undefined;
let legacy: Promise<string> | undefined;

/** Path of the fixture provider's executable, built when its sources changed. Needs `go` (see `requireTool`). */
export function buildGoProvider(): Promise<string> {
  fixture ??= build('go-provider', 'terraform-provider-fixture');
  return fixture;
}

/** The same of the stand-in for the AWS provider. */
export function buildAwsProvider(): Promise<string> {
  aws ??= build('aws-provider', 'terraform-provider-aws');
  return aws;
}

/** The same of the provider on the old SDK. */
export function buildLegacyProvider(): Promise<string> {
  legacy ??= build('legacy-provider', 'terraform-provider-legacy');
  return legacy;
}

async function build(name: string, program: string): Promise<string> {
  const sources = folderOf(name);
  const binary = join(cache, `${name}-${await sourceHash(sources)}`, program);
  if (existsSync(binary)) return binary;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'go-build-'));
  await run(goTool(), ['build', '-o', join(draft, basename(binary)), '.'], { cwd: sources });
  await rename(draft, dirname(binary)).catch(() => rm(draft, { recursive: true })); // another test run was faster
  return binary;
}

async function sourceHash(sources: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(sources)).toSorted()) hash.update(name).update(await readFile(join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}

function goTool(): string {
  const go = findTool('go');
  if (go === undefined) throw new Error('go is absent; begin the suite with before(requireTool("go"))');
  return go;
}

/** Path of the `hashicorp/time` provider, built by Go from its published module when it is not there yet. */
export async function buildTimeProvider(): Promise<string> {
  const bin = join(cache, `time-${timeVersion}`);
  const binary = join(bin, 'terraform-provider-time');
  if (existsSync(binary)) return binary;
  const module = `github.com/hashicorp/terraform-provider-time@v${timeVersion}`;
  await run(goTool(), ['install', module], { env: { ...process.env, GOBIN: bin } });
  return binary;
}

/** One package of a mirror. */
export interface MirrorPackage {
  readonly address: string;
  readonly version: string;
  readonly binary: string;
}

/**
 * Lays out a filesystem mirror as `terraform providers mirror` does (packed), or unpacked.
 *
 * @returns `folder`
 */
export async function layMirror(
  folder: string,
  packages: readonly MirrorPackage[],
  form: 'packed' | 'unpacked' = 'unpacked',
): Promise<string> {
  for (const { address, version, binary } of packages) {
    const type = basename(address);
    const base = join(folder, 'registry.opentofu.org', address);
    const name = `terraform-provider-${type}_v${version}`;
    if (form === 'packed') {
      await mkdir(base, { recursive: true });
      const archive = zipArchive([{ name, content: await readFile(binary), mode: 0o100755 }]);
      await writeFile(join(base, `terraform-provider-${type}_${version}_${hostPlatform()}.zip`), archive);
    } else {
      const target = join(base, version, hostPlatform());
      await mkdir(target, { recursive: true });
      await copyFile(binary, join(target, name)); // not a link: a test may tamper with its mirror
    }
  }
  return folder;
}

/** A mirror with the fixture and `hashicorp/time`, as most tests and the demo want it. */
export async function layUsualMirror(folder: string, form?: 'packed' | 'unpacked'): Promise<string> {
  const fixture = { address: fixtureAddress, version: fixtureVersion, binary: await buildGoProvider() };
  const time = { address: timeAddress, version: timeVersion, binary: await buildTimeProvider() };
  return layMirror(folder, [fixture, time], form);
}
