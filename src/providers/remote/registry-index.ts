import type { Outbound } from '../../outbound/index.ts';
import { AppError } from '../../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { defaultHostname, formatFullAddress, type ProviderAddress } from '../address.ts';
import { isVersion, sortVersions } from '../version.ts';
import { noSense, readDocument, readJsonObject, resolveLink, type Document } from './read-document.ts';
import { archiveName, type RemoteIndex, type RemotePackage } from './remote-index.ts';
import { parseSums, verifySums } from './verify-sums.ts';

export interface RegistryOptions {
  readonly outbound: Outbound;
  /** Where the default registry is reached; every other host is asked under its own name. */
  readonly url: string;
  /** `linux_amd64` */
  readonly platform: string;
}

const MAX_VERSIONS = 5_000; // the busiest providers have about 500

/**
 * Registries as Terraform knows them: the host in an address tells where its provider service is.
 * Source: Terraform's remote service discovery and provider registry protocol.
 */
export function registryIndex(options: RegistryOptions): RemoteIndex {
  const services = new Map<string, Promise<string>>(); // by host; forgotten when it failed
  const serviceOf = (hostname: string): Promise<string> => {
    const found = services.get(hostname) ?? discoverService(options, hostname);
    services.set(hostname, found);
    found.catch(() => services.delete(hostname));
    return found;
  };
  return {
    name: 'registry',
    versions: async (address) => {
      const url = `${await serviceOf(address.hostname)}${address.namespace}/${address.type}/versions`;
      const document = await readJsonObject(options.outbound, url);
      return document === undefined ? undefined : versionsFor(document, options.platform);
    },
    locate: async (address, version) => {
      const service = await serviceOf(address.hostname);
      return locatePackage(options, `${service}${address.namespace}/${address.type}`, address, version);
    },
  };
}

async function discoverService({ outbound, url }: RegistryOptions, hostname: string): Promise<string> {
  const base = hostname === defaultHostname ? url : `https://${hostname}`;
  const document = await readJsonObject(outbound, new URL('/.well-known/terraform.json', base).href);
  const service = document?.content['providers.v1'];
  if (document === undefined || service === undefined) {
    throw new AppError('NO_SUCH', `no such provider registry: ${hostname} does not say that it serves providers`);
  }
  const found = resolveLink(document, service, 'providers.v1');
  return found.endsWith('/') ? found : `${found}/`;
}

function versionsFor({ content, url }: Document<JsonObject>, platform: string): string[] {
  const { versions } = content;
  if (!Array.isArray(versions)) throw noSense(url, 'no list of versions');
  if (versions.length > MAX_VERSIONS) throw noSense(url, `more than ${MAX_VERSIONS} versions`);
  const fitting = versions.filter((each: Json) => isJsonObject(each) && runsOn(each, platform) && speaksOurs(each));
  return sortVersions(new Set(fitting.map((each: JsonObject) => each['version']).filter(isVersionText)));
}

function isVersionText(version: Json | undefined): version is string {
  return typeof version === 'string' && isVersion(version);
}

function runsOn({ platforms }: JsonObject, platform: string): boolean {
  if (!Array.isArray(platforms)) return false;
  return platforms.some(
    (each: Json) => isJsonObject(each) && `${textOf(each['os'])}_${textOf(each['arch'])}` === platform,
  );
}

// A provider without `protocols` is of the old times before version 5 only in theory; starting it would tell.
function speaksOurs({ protocols }: JsonObject): boolean {
  return !Array.isArray(protocols) || protocols.some((each: Json) => /^[56]\./.test(textOf(each)));
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

async function locatePackage(
  { outbound, platform }: RegistryOptions,
  service: string,
  address: ProviderAddress,
  version: string,
): Promise<RemotePackage> {
  const name = `${formatFullAddress(address)} ${version}`;
  const [os, arch] = platform.split('_');
  const document = await readJsonObject(outbound, `${service}/${version}/download/${os}/${arch}`);
  if (document === undefined) throw new AppError('NO_SUCH', `no such provider package: ${name} for ${platform}`);
  const { content } = document;
  const fileName = archiveName(address, version, platform);
  if (content['os'] !== os || content['arch'] !== arch || content['filename'] !== fileName) {
    throw refuse(
      name,
      `the registry offers ${JSON.stringify(textOf(content['filename']).slice(0, 100))}, which is not for ${platform}`,
    );
  }
  const sums = await signedSums(outbound, document, name);
  const sha256 = sums.get(fileName);
  if (sha256 === undefined) throw refuse(name, `its signed checksums do not name ${fileName}`);
  if (content['shasum'] !== sha256) throw refuse(name, 'the registry names another checksum than the signed one');
  const siblings = [...sums].filter(([file]) => isSibling(file, address, version)).map(([, sum]) => `zh:${sum}`);
  return {
    url: resolveLink(document, content['download_url'], 'download_url'),
    fileName,
    stated: [`zh:${sha256}`],
    siblings,
  };
}

function isSibling(file: string, address: ProviderAddress, version: string): boolean {
  return file.startsWith(archiveName(address, version, '').slice(0, -'.zip'.length)) && file.endsWith('.zip');
}

async function signedSums(
  outbound: Outbound,
  document: Document<JsonObject>,
  name: string,
): Promise<Map<string, string>> {
  const { content } = document;
  const [sums, signature] = await Promise.all([
    readDocument(outbound, resolveLink(document, content['shasums_url'], 'shasums_url')),
    content['shasums_signature_url'] === undefined || content['shasums_signature_url'] === ''
      ? undefined
      : readDocument(outbound, resolveLink(document, content['shasums_signature_url'], 'shasums_signature_url')),
  ]);
  if (sums === undefined) throw refuse(name, 'its checksums are missing');
  if (signature === undefined) throw refuse(name, 'its checksums are not signed');
  const problem = await verifySums(sums.content, signature.content, keysOf(content['signing_keys']));
  if (problem !== undefined) throw refuse(name, problem);
  return parseSums(sums.content);
}

function keysOf(signingKeys: Json | undefined): string[] {
  const keys = isJsonObject(signingKeys) ? signingKeys['gpg_public_keys'] : undefined;
  if (!Array.isArray(keys)) return [];
  return keys.map((key: Json) => (isJsonObject(key) ? textOf(key['ascii_armor']) : '')).filter((armor) => armor !== '');
}

function refuse(name: string, why: string): AppError {
  return new AppError(
    'PROVIDER_REFUSED',
    `${name} is refused: ${why}; nothing of it was used. Tell whoever publishes it`,
  );
}
