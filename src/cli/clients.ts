/** How an assistant proves itself: in the browser, or by a token that a command prints. */
export type ClientAuth =
  | { readonly kind: 'OAUTH' }
  | {
      readonly kind: 'TOKEN';
      /** Environment variable that holds the token, such as `SLUICE_API_TOKEN`. */
      readonly variable: string;
      /** Prints the token and nothing else. */
      readonly tokenCommand: string;
      /** Prints a JSON object of request headers; run anew at each connection. */
      readonly headersCommand: string;
    };

export interface ClientOptions {
  /** Name of the server in the client's list, such as `sluice`. */
  readonly name: string;
  /** URL of an MCP endpoint. */
  readonly url: string;
  readonly auth: ClientAuth;
}

export interface ClientFile {
  /** Where the client looks for it: below the project, or below the home folder with `~`. */
  readonly path: string;
  readonly text: string;
}

/** As `sluice mcp config` is told them. */
export const clientIds = ['claude-code', 'gemini', 'codex', 'vscode', 'cursor'] as const;

type ClientId = (typeof clientIds)[number];

/** All that a person needs to connect one client. */
export interface ClientSetup {
  readonly id: ClientId;
  readonly client: string;
  /** Shell lines to be run in order; empty when the client has no command for it. */
  readonly commands: readonly string[];
  readonly file: ClientFile;
  /** What else to do, one sentence each. */
  readonly notes: readonly string[];
}

/** How each client that we know of is connected to an endpoint. */
export function clientSetups(options: ClientOptions): readonly ClientSetup[] {
  return [claudeCode(options), geminiCli(options), codex(options), vsCode(options), cursor(options)];
}

function claudeCode({ name, url, auth }: ClientOptions): ClientSetup {
  const server = { type: 'http', url, ...(auth.kind === 'TOKEN' ? { headersHelper: auth.headersCommand } : {}) };
  const command =
    auth.kind === 'OAUTH'
      ? `claude mcp add ${name} -t http ${quote(url)}`
      : `claude mcp add-json ${name} ${quote(JSON.stringify(server))}`;
  return {
    id: 'claude-code',
    client: 'Claude Code',
    commands: [command],
    file: { path: '.mcp.json', text: jsonText({ mcpServers: { [name]: server } }) },
    notes: auth.kind === 'OAUTH' ? [`Run /mcp in Claude Code, choose ${name} and sign in.`] : [],
  };
}

function geminiCli({ name, url, auth }: ClientOptions): ClientSetup {
  const headers = auth.kind === 'TOKEN' ? { headers: { Authorization: `Bearer $\{${auth.variable}}` } } : {};
  const command = `gemini mcp add --transport http ${name} ${quote(url)}`;
  return {
    id: 'gemini',
    client: 'Gemini CLI',
    commands: auth.kind === 'OAUTH' ? [command] : [exportLine(auth)],
    file: { path: '.gemini/settings.json', text: jsonText({ mcpServers: { [name]: { httpUrl: url, ...headers } } }) },
    notes: expiryNotes(auth),
  };
}

function codex({ name, url, auth }: ClientOptions): ClientSetup {
  const lines = [
    '[features]',
    'rmcp_client = true',
    '',
    `[mcp_servers.${tomlKey(name)}]`,
    `url = ${JSON.stringify(url)}`,
    ...(auth.kind === 'TOKEN' ? [`bearer_token_env_var = ${JSON.stringify(auth.variable)}`] : []),
    'startup_timeout_sec = 20.0',
    'experimental_use_rmcp_client = true',
    'enabled = true',
  ];
  return {
    id: 'codex',
    client: 'Codex',
    commands: auth.kind === 'OAUTH' ? [] : [exportLine(auth)],
    file: { path: '~/.codex/config.toml', text: `${lines.join('\n')}\n` },
    notes: auth.kind === 'OAUTH' ? [`Then run: codex mcp login ${name}`] : expiryNotes(auth),
  };
}

function vsCode({ name, url, auth }: ClientOptions): ClientSetup {
  const input = `${name}-token`;
  const server = { type: 'http', url };
  const signedIn = { ...server, headers: { Authorization: `Bearer $\{input:${input}}` } };
  const file =
    auth.kind === 'OAUTH'
      ? { servers: { [name]: server } }
      : { servers: { [name]: signedIn }, inputs: [{ id: input, ...promptFor(auth) }] };
  return {
    id: 'vscode',
    client: 'VS Code',
    commands: auth.kind === 'OAUTH' ? [] : [auth.tokenCommand],
    file: { path: '.vscode/mcp.json', text: jsonText(file) },
    notes:
      auth.kind === 'OAUTH'
        ? ['Or open the command palette and choose "MCP: Add Server" to add it for all projects.']
        : ['Paste what the command prints when VS Code asks for it.', ...expiryNotes(auth)],
  };
}

function cursor({ name, url, auth }: ClientOptions): ClientSetup {
  const headers = auth.kind === 'TOKEN' ? { headers: { Authorization: `Bearer $\{env:${auth.variable}}` } } : {};
  return {
    id: 'cursor',
    client: 'Cursor',
    commands: auth.kind === 'OAUTH' ? [] : [exportLine(auth)],
    file: { path: '~/.cursor/mcp.json', text: jsonText({ mcpServers: { [name]: { url, ...headers } } }) },
    notes: ['For one project only, write .cursor/mcp.json in it instead.', ...expiryNotes(auth)],
  };
}

type TokenAuth = Extract<ClientAuth, { kind: 'TOKEN' }>;

function promptFor({ tokenCommand }: TokenAuth) {
  return { type: 'promptString', description: `Sluice API token (run: ${tokenCommand})`, password: true };
}

function exportLine({ variable, tokenCommand }: TokenAuth): string {
  return `export ${variable}=$(${tokenCommand})`;
}

function expiryNotes(auth: ClientAuth): string[] {
  return auth.kind === 'OAUTH'
    ? []
    : ['A token lasts one hour: then get a new one and connect again. A personal access token lasts longer (cli.md).'];
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** One word for a POSIX shell, whatever is in it. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function tomlKey(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

/** The setups as a person reads them in a terminal. */
export function describeClients(setups: readonly ClientSetup[]): string {
  return setups.map((setup) => describeClient(setup)).join('\n\n');
}

function describeClient({ client, commands, file, notes }: ClientSetup): string {
  const indent = (text: string): string => text.trimEnd().replaceAll(/^(?=.)/gm, '    ');
  const run = commands.map((command) => indent(command));
  return [client, ...run, `  ${file.path}`, indent(file.text), ...notes.map((note) => `  ${note}`)].join('\n');
}

/** The text of docs/clients.md: the same for a server at the default address. */
export function clientsDocument(): string {
  const command = 'npx sluice profile';
  const auth = {
    kind: 'TOKEN',
    variable: 'SLUICE_API_TOKEN',
    tokenCommand: `${command} export-token`,
    headersCommand: `${command} mcp-headers`,
  } as const;
  const sections = (how: ClientAuth): string[] =>
    clientSetups({ name: 'sluice', url: 'http://localhost:4000/mcp', auth: how }).map(clientSection);
  return [
    '<!-- Generated from src/cli/clients.ts by `npm run codegen`. Do not edit. -->',
    '# Connect an assistant',
    '',
    'The server prints these with your own address when it starts. Use `/intent/mcp` instead of `/mcp` for the fine-grained tools.',
    '',
    '# By signing in',
    '',
    'The client opens your browser; you sign in and choose what it may do ([sign-in.md](sign-in.md)). It stays connected without asking again.',
    'Any other MCP client that speaks Streamable HTTP and OAuth works with the URL alone.',
    '',
    ...sections({ kind: 'OAUTH' }),
    '# With a token',
    '',
    'Where there is no browser. The commands print a token of one hour: of the current profile of `sluice profile login`, or, in the folder of this project, of the admin key ([cli.md](cli.md)).',
    'Any other MCP client works with the same URL and an `Authorization: Bearer <token>` header.',
    '',
    ...sections(auth),
  ].join('\n');
}

function clientSection({ client, commands, file, notes }: ClientSetup): string {
  const run = commands.length === 0 ? [] : ['```sh', ...commands, '```', ''];
  return [
    `## ${client}`,
    '',
    ...run,
    `\`${file.path}\``,
    '',
    '```',
    file.text.trimEnd(),
    '```',
    '',
    ...notes.map((note) => `${note}\n`),
  ].join('\n');
}
