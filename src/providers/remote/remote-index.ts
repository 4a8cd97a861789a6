import type { ProviderAddress } from '../address.ts';

/** What a server on the network says of its packages. Nothing here downloads one. */
export interface RemoteIndex {
  /** `registry` or `network mirror`. */
  readonly name: string;
  /** Versions that have a package for this platform, newest first; `undefined` when the server has no such provider. */
  versions(address: ProviderAddress): Promise<readonly string[] | undefined>;
  /**
   * Where the package of a version is, with the checksums that vouch for it.
   *
   * @throws AppError PROVIDER_REFUSED when what vouches for it does not hold
   */
  locate(address: ProviderAddress, version: string): Promise<RemotePackage>;
}

export interface RemotePackage {
  readonly url: string;
  readonly fileName: string;
  /** `zh:` and `h1:` checksums of which the package must have one. */
  readonly stated?: readonly string[] | undefined;
  readonly siblings?: readonly string[] | undefined;
}

/** The name that a provider's archive has everywhere. */
export function archiveName({ type }: ProviderAddress, version: string, platform: string): string {
  return `terraform-provider-${type}_${version}_${platform}.zip`;
}
