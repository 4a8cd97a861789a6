import type { Outbound } from '../../outbound/index.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type Json } from '../../shared/json.ts';
import { formatFullAddress, type ProviderAddress } from '../address.ts';
import { isVersion, sortVersions } from '../version.ts';
import { noSense, readJsonObject, resolveLink } from './read-document.ts';
import { archiveName, type RemoteIndex, type RemotePackage } from './remote-index.ts';

export interface NetworkMirrorOptions {
  readonly outbound: Outbound;
  readonly url: string;
  readonly platform: string;
}

const MAX_VERSIONS = 5_000;
const HASH = /^(?:zh:[0-9a-f]{64}|h1:[A-Za-z0-9+/]{43}=)$/;

/**
 * A network mirror: static files behind a web server.
 * Source: Terraform's provider network mirror protocol.
 */
export function networkMirrorIndex({ outbound, url, platform }: NetworkMirrorOptions): RemoteIndex {
  const base = url.endsWith('/') ? url : `${url}/`;
  const linkOf = (address: ProviderAddress, file: string): string =>
    new URL(`${encodeURIComponent(address.hostname)}/${address.namespace}/${address.type}/${file}.json`, base).href;
  return {
    name: 'network mirror',
    versions: async (address) => {
      const document = await readJsonObject(outbound, linkOf(address, 'index'));
      if (document === undefined) return undefined;
      const { versions } = document.content;
      if (!isJsonObject(versions)) throw noSense(document.url, 'no list of versions');
      const names = Object.keys(versions);
      if (names.length > MAX_VERSIONS) throw noSense(document.url, `more than ${MAX_VERSIONS} versions`);
      return sortVersions(names.filter(isVersion));
    },
    locate: async (address, version) => {
      const document = await readJsonObject(outbound, linkOf(address, version));
      const archives = document?.content['archives'];
      const archive = isJsonObject(archives) ? archives[platform] : undefined;
      if (document === undefined || !isJsonObject(archive)) {
        const name = `${formatFullAddress(address)} ${version} for ${platform}`;
        throw new AppError('NO_SUCH', `no such provider package: the network mirror has no ${name}`);
      }
      const found: RemotePackage = {
        url: resolveLink(document, archive['url'], 'url'),
        fileName: archiveName(address, version, platform),
        stated: statedHashes(archive['hashes']),
      };
      return found;
    },
  };
}

// Schemes that are not known are skipped; a list of nothing but those vouches for nothing and so lets nothing pass.
function statedHashes(hashes: Json | undefined): string[] | undefined {
  if (!Array.isArray(hashes) || hashes.length === 0) return undefined;
  return hashes.filter((hash: Json): hash is string => typeof hash === 'string' && HASH.test(hash));
}
