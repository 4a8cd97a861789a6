import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import picomatch from 'picomatch';

import { startExecutor } from '../executor/index.ts';
import { createOutbound } from '../outbound/index.ts';
import { createProviderSource, formatFullAddress, parseAddress } from '../providers/index.ts';
import type { OnProgress, ProviderBinary, ResourceSchema } from '../providers/index.ts';
import { silentLogger } from '../shared/logger.ts';
import type { SnapshotContent } from './snapshot-text.ts';

export interface ProviderRequest {
  readonly address: string;
  readonly constraint: string | undefined;
  readonly resources: readonly string[];
  readonly dataSources: readonly string[];
}

/** Where the catalog is, where a provider may come from, and who is told of a download. */
export interface ProviderPlace {
  readonly root: string;
  readonly mirror: string | undefined;
  readonly networkMirror?: string | undefined;
  readonly registry?: string | undefined;
  readonly allowHosts?: readonly string[] | undefined;
  print(line: string): void;
}

/** Below the folder of the catalog. */
export const lockFile = 'schema/providers/lock.hcl';

/** Installs the provider that the constraint chooses, pins it in the lock file, and reads the chosen part of its schema. */
export async function readProvider(request: ProviderRequest, place: ProviderPlace): Promise<SnapshotContent> {
  const outbound = createOutbound({ allow: place.allowHosts });
  const source = createProviderSource({
    allowed: [{ address: request.address }], // whoever catalogues a provider by hand allows it
    mirrorDir: place.mirror,
    network: { outbound, mirrorUrl: place.networkMirror, registryUrl: place.registry },
    cacheDir: join(place.root, '.cache/providers'),
    lockFile: join(place.root, lockFile),
  });
  try {
    const binary = await source.resolve(request.address, request.constraint, progressPrinter(place));
    return await readSchema(binary, request, place);
  } finally {
    await outbound.close();
  }
}

const MEGABYTE = 1_000_000;

/** A line for the beginning of a download, one for each tenth of it, and so for its end. */
function progressPrinter(place: ProviderPlace): OnProgress {
  let tenths = -1;
  return ({ address, version, receivedBytes, totalBytes }) => {
    const reached = totalBytes === undefined ? 0 : Math.floor((receivedBytes / totalBytes) * 10);
    if (reached <= tenths) return;
    tenths = reached;
    const total = totalBytes === undefined ? '' : ` of ${(totalBytes / MEGABYTE).toFixed(1)} MB`;
    place.print(`${address} ${version}: ${reached === 10 ? 'downloaded' : 'downloading'}${total}, ${reached * 10} %`);
  };
}

/** Runs the work with the provider's pin taken out of the lock file, so that a newer version may be chosen. */
export async function withoutPin<T>(root: string, address: string, work: () => Promise<T>): Promise<T> {
  const file = join(root, lockFile);
  const before = await readFile(file, 'utf8').catch(() => undefined);
  if (before === undefined) return work();
  const name = formatFullAddress(parseAddress(address)).replaceAll('.', '\\.');
  await writeFile(file, before.replace(new RegExp(`provider "${name}" \\{[^}]*\\}\\n*`), ''));
  try {
    return await work();
  } catch (error) {
    await writeFile(file, before); // nothing was updated, so nothing is unpinned
    throw error;
  }
}

function visibleTo({ root, mirror }: ProviderPlace): string[] {
  return [join(root, '.cache/providers'), ...(mirror === undefined ? [] : [resolve(mirror)])];
}

async function readSchema(
  binary: ProviderBinary,
  request: ProviderRequest,
  place: ProviderPlace,
): Promise<SnapshotContent> {
  const socketDir = await mkdtemp(join(tmpdir(), 'sluice-'));
  const executor = await startExecutor({
    maxProviders: 1,
    idleMs: 1_000,
    callTimeoutMs: 60_000,
    socketDir,
    isolation: { wish: 'auto', readable: visibleTo(place), writable: [], hidden: [] },
    logger: silentLogger,
  });
  try {
    const resources: Record<string, ResourceSchema> = {};
    const dataSources: Record<string, ResourceSchema> = {};
    const wanted = { resource: picomatch([...request.resources]), dataSource: picomatch([...request.dataSources]) };
    await executor.streamSchema(binary, (part) => {
      if (part.kind === 'provider' || !wanted[part.kind](part.type)) return;
      (part.kind === 'resource' ? resources : dataSources)[part.type] = part.schema;
    });
    return { provider: binary.address, version: binary.version, resources, dataSources };
  } finally {
    await executor.close();
    await rm(socketDir, { recursive: true, force: true });
  }
}
