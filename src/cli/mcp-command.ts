import { Argument, type Command } from 'commander';

import { profileNamed, urlOf } from './bearer-token.ts';
import { type ClientAuth, clientIds, clientSetups, describeClients, quote } from './clients.ts';
import { readProfiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

interface ConfigOptions {
  readonly profile?: string;
  readonly url?: string;
  readonly intent?: boolean;
  readonly token?: boolean;
}

/** `sluice mcp …`: how assistants are connected. */
export function addMcp(command: Command, terminal: Terminal): void {
  command
    .command('mcp')
    .description('How assistants are connected.')
    .command('config')
    .description('Prints what to paste into an assistant to connect it.')
    .addArgument(new Argument('<client>', 'the assistant').choices(clientIds))
    .option('--intent', 'the endpoint with the fine-grained tools')
    .option('--token', 'by a token of this command line, instead of by signing in at a browser')
    .option('--profile <alias>', 'the server of that profile, and its tokens; the current one when left out')
    .option('--url <url>', 'where the server is')
    .action((client: string, options: ConfigOptions) => printConfig(terminal, client, options));
}

async function printConfig(terminal: Terminal, client: string, options: ConfigOptions): Promise<void> {
  const profiles = await readProfiles(terminal.configFolder);
  const alias = options.profile ?? (options.url === undefined ? profiles.current : undefined);
  const server = alias === undefined ? urlOf(terminal, options) : profileNamed(profiles, alias).url;
  const setups = clientSetups({
    name: options.intent === true ? 'sluice-intent' : 'sluice',
    url: `${server}${options.intent === true ? '/intent/mcp' : '/mcp'}`,
    auth: options.token === true ? byToken(alias, options.url) : { kind: 'OAUTH' },
  });
  terminal.print(describeClients(setups.filter(({ id }) => id === client)));
}

/** The profile is named: which one is current may have changed when the assistant asks. */
function byToken(alias: string | undefined, url: string | undefined): ClientAuth {
  const server = url === undefined ? '' : ` --url ${quote(url)}`;
  const chosen = alias === undefined ? server : ` --profile ${quote(alias)}`;
  return {
    kind: 'TOKEN',
    variable: 'SLUICE_API_TOKEN',
    tokenCommand: `npx sluice profile export-token${chosen}`,
    headersCommand: `npx sluice profile mcp-headers${chosen}`,
  };
}
