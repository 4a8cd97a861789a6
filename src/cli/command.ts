import { Command, Option } from 'commander';

import { addExport } from './export-command.ts';
import { addMcp } from './mcp-command.ts';
import { addProfile } from './profile-command.ts';
import type { ProvidersContext } from './providers.ts';
import type { Terminal } from './terminal.ts';
import { addToken } from './token-command.ts';

// Loaded when it is needed: assistants run the other commands at each connection, and wait for them.
const catalogue = () => import('./providers.ts');

interface ProviderOptions {
  readonly version?: string;
  readonly resources?: string[];
  readonly dataSources?: string[];
  readonly mirror?: string;
  readonly networkMirror?: string;
  readonly registry?: string;
  readonly allowHosts?: string[];
}

/** The whole command line. Parse it with `parseAsync`. */
export function createCommand(terminal: Terminal): Command {
  const command = new Command('sluice')
    .description('Control plane and gateway for work on infrastructure.')
    .addHelpText(
      'after',
      '\nOn the data itself: serve, migrate, backup <file>, restore <file>, audit verify|export|checkpoint|key\n(docs/operations.md, docs/audit.md).',
    );
  const providers = command.command('providers').description('The provider catalog: types that the API has by name.');
  const add = providers
    .command('add')
    .description('Catalogues a provider: reads its schema and stores what the API is generated from.')
    .argument('<address>', 'address of the provider, such as hashicorp/time')
    .option('--version <constraint>', 'versions to take, such as "~> 0.14"; the newest minor one when left out')
    .option('--resources <globs...>', 'resource types to catalogue, such as "time_*"; all when left out')
    .option('--data-sources <globs...>', 'data sources to catalogue; all when left out');
  withSources(add).action(async (address: string, options: ProviderOptions) =>
    (await catalogue()).addProvider(contextOf(terminal, options), { address, ...options }),
  );
  const update = providers
    .command('update')
    .description('Reads the schemas of catalogued providers again, at the newest version that the catalog allows.')
    .argument('[address]', 'one provider; all when left out');
  withSources(update).action(async (address: string | undefined, options: ProviderOptions) =>
    (await catalogue()).updateProviders(contextOf(terminal, options), address),
  );
  providers
    .command('list')
    .description('Lists the catalogued providers.')
    .action(async () => (await catalogue()).listProviders(contextOf(terminal, {})));
  addDocs(providers, terminal);
  addProfile(command, terminal);
  addToken(command, terminal);
  addMcp(command, terminal);
  addExport(command, terminal);
  return command;
}

interface DocsOptions extends ProviderOptions {
  readonly registrySearch: string;
  readonly kind?: string;
  readonly list?: boolean;
}

function addDocs(providers: Command, terminal: Terminal): void {
  const docs = providers
    .command('docs')
    .description("Prints what a provider's publisher wrote about it, from OpenTofu's registry.")
    .argument('<address>', 'address of the provider, such as hashicorp/time')
    .argument('[name]', 'resource type, data source or guide, such as time_sleep; the overview when left out')
    .option('--version <constraint>', 'version; the pinned one, else the newest, when left out')
    .option('--kind <kind>', 'overview, resource, data-source or guide')
    .option('--list', 'print which documents there are')
    .addOption(
      new Option('--registry-search <url>', "the registry's search, beside which its documents lie, or `off`")
        .env('SLUICE_REGISTRY_SEARCH_URL')
        .default('https://api.opentofu.org/registry/docs/search'),
    );
  withSources(docs).action(async (address: string, name: string | undefined, options: DocsOptions) =>
    (await import('./provider-docs.ts')).printDocs(contextOf(terminal, options), {
      ...options,
      address,
      name,
      search: options.registrySearch,
    }),
  );
}

/** Where a provider may come from; the same settings as the server's. */
function withSources(command: Command): Command {
  const hosts = new Option('--allow-hosts <hosts>', 'hosts that may be private and without TLS, separated by commas');
  return command
    .addOption(new Option('--mirror <folder>', "filesystem mirror in Terraform's layout").env('SLUICE_PROVIDER_MIRROR'))
    .addOption(new Option('--network-mirror <url>', 'network mirror').env('SLUICE_PROVIDER_NETWORK_MIRROR'))
    .addOption(
      new Option('--registry <url>', 'registry of addresses without a host, or `off`')
        .env('SLUICE_PROVIDER_REGISTRY')
        .default('https://registry.opentofu.org'),
    )
    .addOption(hosts.env('SLUICE_OUTBOUND_ALLOW').argParser((text) => text.split(',').map((host) => host.trim())));
}

function contextOf(terminal: Terminal, options: ProviderOptions): ProvidersContext {
  const { mirror, networkMirror, registry, allowHosts } = options;
  return { ...terminal, mirror, networkMirror, registry: registry === 'off' ? undefined : registry, allowHosts };
}
