import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';

import { AppError } from '../shared/errors.ts';
import { sha256OfFile } from './package-hash.ts';

/** An installed provider, ready to be started. */
export interface ProviderBinary {
  /** `hashicorp/time` */
  readonly address: string;
  readonly version: string;
  /** The file that runs; for a `command` the script it names. */
  readonly path: string;
  /** Of `path`, or of all sources where the provider is built in; names the binary in caches. */
  readonly sha256: string;
  /** Program and arguments, where `path` is not itself started. */
  readonly command?: readonly string[];
}

/** Which of a package's files it is started by: the name that Terraform looks for. */
export function executableName(folder: string, names: Iterable<string>, type: string): string {
  const prefix = `terraform-provider-${type}`;
  const fits = (name: string): boolean =>
    name.startsWith(prefix) && /^(?:$|[._][^/]*$)/.test(name.slice(prefix.length));
  const name = [...names].toSorted().find(fits);
  if (name !== undefined) return name;
  throw new AppError(
    'PROVIDER_REFUSED',
    `the provider package in ${folder} has no file ${prefix}*; unpack a clean copy there`,
  );
}

// By path: which file was hashed last. A file cannot change without its ctime, which user programs cannot set.
const hashed = new Map<string, { identity: string; sha256: string }>();

/** SHA-256 of an executable; a large one is read again only when the file system says that it changed. */
export async function executableSha256(path: string): Promise<string> {
  const identity = identify(await stat(path, { bigint: true }));
  const known = hashed.get(path);
  if (known?.identity === identity) return known.sha256;
  const sha256 = await sha256OfFile(path);
  const after = identify(await stat(path, { bigint: true }));
  if (after === identity) hashed.set(path, { identity, sha256 });
  return sha256;
}

function identify(found: BigIntStats): string {
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(':');
}

/**
 * To be called right before a start: the file must still be the one that was installed. A built-in provider is part
 * of this program and is not checked.
 *
 * @throws AppError PROVIDER_REFUSED
 */
export async function verifyBinary(binary: ProviderBinary): Promise<void> {
  if (binary.command !== undefined) return;
  const now = await executableSha256(binary.path).catch((cause: unknown) => {
    throw new AppError(
      'PROVIDER_REFUSED',
      `${describe(binary)} is gone: ${binary.path}; restore it or install it again`,
      { cause },
    );
  });
  if (now !== binary.sha256) {
    throw new AppError(
      'PROVIDER_REFUSED',
      `${describe(binary)} was changed after it was checked: ${binary.path} has another checksum; restore the original or install it again`,
    );
  }
}

function describe(binary: ProviderBinary): string {
  return `provider ${binary.address} ${binary.version}`;
}
