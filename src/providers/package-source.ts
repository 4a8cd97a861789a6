import { AppError } from '../shared/errors.ts';
import { formatAddress, type ProviderAddress } from './address.ts';
import type { ProviderBinary } from './provider-binary.ts';
import type { VersionConstraint } from './version.ts';

/**
 * One place that providers come from. A source that does not have the provider answers `undefined` and the next one is
 * asked. The caller has checked the address against the allow-list; versions a source checks itself.
 */
export interface PackageSource {
  readonly name: string;
  addresses(): Promise<string[]>;
  versions(address: ProviderAddress): Promise<string[] | undefined>;
  resolve(
    address: ProviderAddress,
    constraint: VersionConstraint,
    onProgress?: OnProgress,
  ): Promise<ProviderBinary | undefined>;
}

/** Told while a package is downloaded. */
export type OnProgress = (progress: InstallProgress) => void;

export interface InstallProgress {
  /** `hashicorp/time` */
  readonly address: string;
  readonly version: string;
  readonly receivedBytes: number;
  /** Unknown where the server does not say. */
  readonly totalBytes: number | undefined;
}

/** The error of a source that has the provider, but no version that fits. */
export function noVersion(
  address: ProviderAddress,
  constraint: VersionConstraint,
  versions: readonly string[],
): AppError {
  const wanted = constraint.text === '' ? 'that is no pre-release' : `that fits ${JSON.stringify(constraint.text)}`;
  return new AppError(
    'NO_SUCH',
    `no such provider version: ${formatAddress(address)} has none ${wanted}; there is ${versions.slice(0, 10).join(', ')}`,
    { details: { provider: formatAddress(address), versions } },
  );
}
