import { type Command, InvalidArgumentError, Option } from 'commander';

import { AppError } from '../shared/errors.ts';
import { adminKeyFile, bearerToken, profileNamed, type TokenOptions } from './bearer-token.ts';
import { login, type LoginOptions } from './login.ts';
import { logout } from './logout.ts';
import { changeProfiles, type Profile, readProfiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

const kinds = { KEY: 'API key', TOKEN: 'token', SESSION: 'browser', OAUTH: 'device' } as const;

/** `sluice profile …`: who one is, on which server, and tokens for other programs. */
export function addProfile(command: Command, terminal: Terminal): void {
  const profile = command
    .command('profile')
    .description('Who you are, on which server, and tokens for other programs.');
  addLogin(profile, terminal);
  profile
    .command('logout')
    .description('Forgets a profile, and ends its login on the server where that can be done.')
    .argument('[alias]', 'the current one when left out')
    .action((alias?: string) => logout(terminal, alias));
  profile
    .command('list')
    .description('Lists the profiles; a star marks the current one.')
    .action(() => list(terminal));
  profile
    .command('select')
    .description('Makes a profile the current one.')
    .argument('<alias>')
    .action((alias: string) => select(terminal, alias));
  profile
    .command('current')
    .description('Shows the current profile.')
    .action(() => current(terminal));
  addTokens(profile, terminal);
}

function addLogin(profile: Command, terminal: Terminal): void {
  profile
    .command('login')
    .description('Logs in by the browser, or as the flags say, and makes that the current profile.')
    .argument('[alias]', 'name of the profile; host and port of the server when left out')
    .option('--url <url>', 'where the server is; SLUICE_API_KEY_ENDPOINT or http://localhost:4000 when left out')
    .option('--device', 'shows a code that you enter at a browser on any computer')
    .option('--key-id <id>', 'as an API key; its secret is asked for, or read from SLUICE_API_KEY_SECRET or a pipe')
    .option('--key <file>', "as an API key whose id and secret are in a JSON file, as the server's admin-key.json")
    .option('--token', 'by a personal access token, which is asked for, or read from SLUICE_API_TOKEN or a pipe')
    .addOption(scopeOption('what a login by --device may do'))
    .option('--no-browser', 'only prints the address to sign in at')
    .action((alias: string | undefined, options: LoginOptions) => login(terminal, alias, options));
}

function addTokens(profile: Command, terminal: Terminal): void {
  const withOptions = (command: Command): Command =>
    serverOptions(command)
      .addOption(scopeOption('a token that may do no more than this'))
      .addOption(new Option('--ttl <seconds>', 'a token that ends so soon').argParser(parseSeconds));
  withOptions(profile.command('export-token'))
    .description('Prints a bearer token, of one hour at the most, and nothing else.')
    .action(async (options: TokenOptions) => terminal.print((await bearerToken(terminal, options)).token));
  withOptions(profile.command('mcp-headers'))
    .description("The same as a JSON object of request headers, for Claude Code's headersHelper.")
    .action(async (options: TokenOptions) => terminal.print(headersText((await bearerToken(terminal, options)).token)));
}

/** Which server, and as whom. */
export function serverOptions(command: Command): Command {
  return command
    .option('--profile <alias>', 'the current one when left out')
    .option('--url <url>', 'where the server is, when no profile is used')
    .option(
      '--key <file>',
      `JSON file with an API key's id and secret; ${adminKeyFile('.')} when there is nothing else`,
    );
}

export function scopeOption(description: string): Option {
  return new Option('--scope <scope...>', description).choices(['mcp:read', 'mcp:write']);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('It must be a whole number of seconds from 1 to 3600.');
}

/** The JSON object of request headers that Claude Code's `headersHelper` reads. */
function headersText(token: string): string {
  return JSON.stringify({ Authorization: `Bearer ${token}` });
}

async function list(terminal: Terminal): Promise<void> {
  const profiles = await readProfiles(terminal.configFolder);
  if (profiles.all.size === 0) terminal.say('There is no profile yet: `sluice profile login` makes one.');
  for (const [alias, profile] of profiles.all) {
    terminal.print(`${alias === profiles.current ? '*' : ' '} ${describe(alias, profile)}`);
  }
}

async function select(terminal: Terminal, alias: string): Promise<void> {
  await changeProfiles(terminal.configFolder, (profiles) => {
    profileNamed(profiles, alias);
    return { ...profiles, current: alias };
  });
  terminal.say(`The current profile is ${alias}.`);
}

async function current(terminal: Terminal): Promise<void> {
  const profiles = await readProfiles(terminal.configFolder);
  if (profiles.current === undefined) {
    throw new AppError('NO_SUCH', 'there is no current profile: use `sluice profile login` or `sluice profile select`');
  }
  terminal.print(describe(profiles.current, profileNamed(profiles, profiles.current)));
}

function describe(alias: string, { url, login: { kind, ...rest } }: Profile): string {
  const ends = kind === 'SESSION' && 'validUntil' in rest ? `, ${endText(rest.validUntil)}` : '';
  return `${alias}  ${url}  ${kinds[kind]}${ends}`;
}

function endText(validUntil: number): string {
  return validUntil * 1000 > Date.now() ? `until ${new Date(validUntil * 1000).toISOString()}` : 'ended';
}
