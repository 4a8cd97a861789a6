import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AppError } from '../shared/errors.ts';
import { formatFullAddress, type ProviderAddress } from './address.ts';
import { diskProblem } from './disk-problem.ts';
import { formatLocks, parseLocks, type ProviderLock, type ProviderLocks } from './lock-syntax.ts';

/** The checksums that were seen when a version was first installed. */
export interface LockFile {
  /** The version that the file pins for the provider; other pinned versions are used only when asked for. */
  pinnedVersion(address: ProviderAddress): Promise<string | undefined>;
  /** The checksums pinned for one version. */
  hashesOf(address: ProviderAddress, version: string): Promise<readonly string[]>;
  /**
   * Compares a package's own checksums with the pinned ones and pins them at first sight.
   *
   * @throws AppError PROVIDER_REFUSED when none of them is pinned
   */
  checkAndPin(pin: Pin): Promise<void>;
}

/** What is known of a package that is about to be used. */
export interface Pin {
  readonly address: ProviderAddress;
  readonly version: string;
  /** The constraint that it was chosen by, as written. */
  readonly constraint: string;
  /** The package's own checksums: these are compared. */
  readonly hashes: readonly string[];
  /** Of its siblings for other platforms: pinned along, so that the file serves those platforms too. Never compared. */
  readonly siblings?: readonly string[] | undefined;
}

/**
 * Terraform pins one version of a provider; existing resources may still need an older one. The first version is
 * pinned in `path`, each further one in a file of its own beside it, in the same syntax.
 */
export function openLockFile(path: string): LockFile {
  let last: Promise<unknown> = Promise.resolve(); // one change at a time, so that no pin is lost
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work);
    last = result.catch(() => {});
    return result;
  };
  return {
    pinnedVersion: async (address) => (await readLocks(path)).get(formatFullAddress(address))?.version,
    hashesOf: async (address, version) => {
      const locks = await readLocks(await fileFor(path, address, version));
      return locks.get(formatFullAddress(address))?.hashes ?? [];
    },
    checkAndPin: ({ address, version, constraint, hashes, siblings = [] }) =>
      inTurn(async () => {
        const file = await fileFor(path, address, version);
        const locks = await readLocks(file);
        const pinned = locks.get(formatFullAddress(address));
        if (pinned !== undefined) requireKnown(file, address, pinned, hashes);
        const merged = {
          version,
          constraints: pinned?.constraints ?? constraint,
          hashes: merge(pinned, hashes, siblings),
        };
        if (merged.hashes.length === pinned?.hashes.length) return;
        await writeLocks(file, new Map(locks).set(formatFullAddress(address), merged));
      }),
  };
}

async function fileFor(path: string, address: ProviderAddress, version: string): Promise<string> {
  const pinned = (await readLocks(path)).get(formatFullAddress(address))?.version ?? version;
  if (pinned === version) return path;
  return join(`${path}.d`, address.hostname.replace(':', '_'), address.namespace, address.type, `${version}.lock.hcl`);
}

function merge(pinned: ProviderLock | undefined, ...more: readonly (readonly string[])[]): string[] {
  return [...new Set([...(pinned?.hashes ?? []), ...more.flat()])];
}

function requireKnown(file: string, address: ProviderAddress, pinned: ProviderLock, hashes: readonly string[]): void {
  if (hashes.some((hash) => pinned.hashes.includes(hash))) return;
  const name = `${formatFullAddress(address)} ${pinned.version}`;
  throw new AppError(
    'PROVIDER_REFUSED',
    `the package of ${name} does not match any of the checksums pinned in ${file}: it was changed or is another build. ` +
      `Restore the original package; if the change is wanted, remove the block of ${name} from that file and try again`,
    { details: { provider: formatFullAddress(address), version: pinned.version, found: hashes } },
  );
}

async function readLocks(file: string): Promise<ProviderLocks> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw new AppError('PROVIDER_REFUSED', `the lock file ${file} cannot be read (${cause.code})`, { cause });
  });
  try {
    return parseLocks(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'syntax';
    throw new AppError(
      'PROVIDER_REFUSED',
      `the lock file ${file} cannot be read: ${why}; restore it from its last good copy`,
      { cause },
    );
  }
}

async function writeLocks(file: string, locks: ProviderLocks): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(draft, formatLocks(locks), { flush: true });
    await rename(draft, file);
  } catch (cause) {
    throw diskProblem(`writing the lock file ${file}`, cause);
  }
}
