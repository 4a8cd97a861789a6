import { Command, Option } from 'commander';

import { addProvider, listProviders, updateProviders, type ProvidersContext } from './providers.ts';

/** Where a command prints and works. */
export interface Terminal {
  print(line: string): void;
  /** Folder that holds `schema/`. */
  readonly root: string;
}

interface ProviderOptions {
  readonly version?: string;
  readonly resources?: string[];
  readonly dataSources?: string[];
  readonly mirror?: string;
}

/** The whole command line. Parse it with `parseAsync`. */
export function createCommand(terminal: Terminal): Command {
  const command = new Command('sluice').description('Control plane and gateway for work on infrastructure.');
  const providers = command.command('providers').description('The provider catalog: types that the API has by name.');
  providers
    .command('add')
    .description('Catalogues a provider: reads its schema and stores what the API is generated from.')
    .argument('<address>', 'address of the provider, such as hashicorp/time')
    .option('--version <constraint>', 'versions to take, such as "~> 0.14"; the newest minor one when left out')
    .option('--resources <globs...>', 'resource types to catalogue, such as "time_*"; all when left out')
    .option('--data-sources <globs...>', 'data sources to catalogue; all when left out')
    .addOption(mirrorOption())
    .action((address: string, options: ProviderOptions) =>
      addProvider(contextOf(terminal, options), { address, ...options }),
    );
  providers
    .command('update')
    .description('Reads the schemas of catalogued providers again, at the newest version that the catalog allows.')
    .argument('[address]', 'one provider; all when left out')
    .addOption(mirrorOption())
    .action((address: string | undefined, options: ProviderOptions) =>
      updateProviders(contextOf(terminal, options), address),
    );
  providers
    .command('list')
    .description('Lists the catalogued providers.')
    .action(() => listProviders(contextOf(terminal, {})));
  return command;
}

function mirrorOption(): Option {
  return new Option('--mirror <folder>', "filesystem mirror in Terraform's layout").env('SLUICE_PROVIDER_MIRROR');
}

function contextOf(terminal: Terminal, options: ProviderOptions): ProvidersContext {
  return { ...terminal, mirror: options.mirror };
}
