import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatAddress, parseAddress } from '../providers/index.ts';
import { AppError, noSuch } from '../shared/errors.ts';
import { CatalogFile, type CatalogProvider } from './catalog-file.ts';
import { type ProviderPlace, readProvider, withoutPin } from './read-provider.ts';
import { printSnapshot, type SnapshotContent } from './snapshot-text.ts';

export interface ProvidersContext extends ProviderPlace {
  print(line: string): void;
}

export interface AddRequest {
  readonly address: string;
  readonly version?: string;
  readonly resources?: readonly string[];
  readonly dataSources?: readonly string[];
}

/** @throws AppError CONFLICT when it is catalogued already, and what finding and running the provider throws */
export async function addProvider(context: ProvidersContext, request: AddRequest): Promise<void> {
  const address = formatAddress(parseAddress(request.address));
  const catalog = await CatalogFile.open(context.root);
  if (catalog.providers().some((provider) => provider.source === address)) {
    throw new AppError(
      'CONFLICT',
      `${address} is in the catalog already: change catalog.yaml by hand, or run \`sluice providers update ${address}\``,
    );
  }
  const globs = { resources: request.resources ?? ['*'], dataSources: request.dataSources ?? ['*'] };
  const content = await readProvider({ address, constraint: request.version, ...globs }, context);
  requireMatches(globs, content);
  await writeSnapshot(context, content);
  await catalog.add({
    source: address,
    version: request.version ?? minorOf(content.version),
    resources: globs.resources,
    dataSources: Object.keys(content.dataSources).length === 0 ? [] : globs.dataSources,
  });
  report(context, content);
}

/** Reads one catalogued provider, or all of them, again. */
export async function updateProviders(context: ProvidersContext, address: string | undefined): Promise<void> {
  const catalogued = (await CatalogFile.open(context.root)).providers();
  const wanted = address === undefined ? undefined : formatAddress(parseAddress(address));
  const chosen = catalogued.filter((provider) => wanted === undefined || provider.source === wanted);
  if (wanted !== undefined && chosen.length === 0) throw noSuch('provider in the catalog', wanted);
  for (const provider of chosen) {
    const request = { ...provider, address: provider.source, constraint: provider.version };
    const content = await withoutPin(context.root, provider.source, () => readProvider(request, context));
    await writeSnapshot(context, content);
    report(context, content);
  }
}

export async function listProviders(context: ProvidersContext): Promise<void> {
  const providers = (await CatalogFile.open(context.root)).providers();
  if (providers.length === 0)
    context.print('The catalog is empty: add a provider with `sluice providers add <address>`.');
  for (const provider of providers) context.print(lineOf(provider));
}

function lineOf({ source, version, resources, dataSources }: CatalogProvider): string {
  const data = dataSources.length === 0 ? '' : `, data sources ${dataSources.join(' ')}`;
  return `${source} ${version}: resources ${resources.join(' ')}${data}`;
}

function requireMatches(globs: { readonly resources: readonly string[] }, content: SnapshotContent): void {
  if (Object.keys(content.resources).length > 0) return;
  throw noSuch(`resource type of ${content.provider} ${content.version}`, globs.resources.join(' '));
}

async function writeSnapshot(context: ProvidersContext, content: SnapshotContent): Promise<void> {
  const folder = join(context.root, 'schema/providers');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${content.provider.replaceAll('/', '-')}.json`), printSnapshot(content));
}

function report(context: ProvidersContext, { provider, version, resources, dataSources }: SnapshotContent): void {
  const counts = `${Object.keys(resources).length} resource types, ${Object.keys(dataSources).length} data sources`;
  context.print(`${provider} ${version}: ${counts}. Now run \`npm run codegen\`.`);
}

/** `0.14.2` -> `~> 0.14`: newer minor versions are additions. */
function minorOf(version: string): string {
  const [major, minor] = version.split('.');
  return /^\d+\.\d+\.\d+$/.test(version) ? `~> ${major}.${minor}` : `= ${version}`;
}
