import { Command, Option } from 'commander';

import { exportConfiguration, exportLog, type ExportOptions } from './export.ts';
import { adminKeyFile, exchangeKey, headersText, type ProfileOptions } from './profile.ts';
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
  withSources(add).action((address: string, options: ProviderOptions) =>
    addProvider(contextOf(terminal, options), { address, ...options }),
  );
  const update = providers
    .command('update')
    .description('Reads the schemas of catalogued providers again, at the newest version that the catalog allows.')
    .argument('[address]', 'one provider; all when left out');
  withSources(update).action((address: string | undefined, options: ProviderOptions) =>
    updateProviders(contextOf(terminal, options), address),
  );
  providers
    .command('list')
    .description('Lists the catalogued providers.')
    .action(() => listProviders(contextOf(terminal, {})));
  addProfile(command, terminal);
  addExport(command, terminal);
  return command;
}

/** What a team takes with it when it leaves. */
function addExport(command: Command, terminal: Terminal): void {
  const server = (child: Command): Command =>
    child
      .argument('<project>', 'id of the Intent project')
      .option('--resource <id>', 'one resource of it')
      .addOption(urlOption())
      .addOption(keyOption(terminal));
  const group = command.command('export').description('Writes out what an Intent project holds.');
  server(
    group.command('hcl').description('A Terraform configuration with import blocks; warnings go to stderr.'),
  ).action(async (project: string, options: ExportOptions) => {
    const { hcl, warnings } = await exportConfiguration(project, options);
    terminal.print(hcl);
    for (const warning of warnings) process.stderr.write(`${warning}\n`);
  });
  server(group.command('log').description('What was done, oldest first, one JSON object a line.')).action(
    async (project: string, options: ExportOptions) => {
      for await (const lines of exportLog(project, options)) terminal.print(lines);
    },
  );
}

/** What assistants' configurations run to sign in with an API key. */
function addProfile(command: Command, terminal: Terminal): void {
  const profile = command.command('profile').description('Tokens for programs and assistants.');
  const url = urlOption();
  const key = keyOption(terminal);
  profile
    .command('export-token')
    .description('Exchanges an API key for a bearer token of one hour and prints it.')
    .addOption(url)
    .addOption(key)
    .action(async (options: ProfileOptions) => terminal.print(await exchangeKey(options)));
  profile
    .command('mcp-headers')
    .description("The same as a JSON object of request headers, for Claude Code's headersHelper.")
    .addOption(url)
    .addOption(key)
    .action(async (options: ProfileOptions) => terminal.print(headersText(await exchangeKey(options))));
}

function urlOption(): Option {
  return new Option('--url <url>', 'where the server is').env('SLUICE_PUBLIC_URL').default('http://localhost:4000');
}

function keyOption({ root }: Terminal): Option {
  return new Option('--key <file>', "JSON file with the API key's id and secret").default(adminKeyFile(root));
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
