import { resolve } from 'node:path';

import {
  account,
  integer,
  list,
  oneOf,
  optionalText,
  overrides,
  proxies,
  server,
  type Setting,
  SettingProblem,
  text,
  url,
} from './setting.ts';
import { type SsoConfig, ssoOf, ssoSettings } from './sso-setting.ts';

// Every setting of the server, in the order of docs/settings.md, which is generated from this table.
// This is the only file that reads environment variables.

/** Thrown by `readConfig`: one line a problem, each naming the variable and what to do. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

const ANY_INTEGER = Number.MAX_SAFE_INTEGER;

const settings = {
  port: integer('PORT', 4000, [1, 65535], 'TCP port to listen on.'),
  host: text('HOST', '127.0.0.1', 'Address to listen on. The default is reached from the same computer only.'),
  publicUrl: url(
    'SLUICE_PUBLIC_URL',
    ['http://', 'https://'],
    'http://localhost:<PORT>',
    'URL under which people and clients reach the server, without a path. Tokens are bound to it.',
  ),
  allowedHosts: list(
    'SLUICE_ALLOWED_HOSTS',
    'Further `host:port` values that requests may be addressed to, separated by commas.',
  ),
  trustProxy: proxies(
    'SLUICE_TRUST_PROXY',
    "Proxies in front of the server that are believed when they say for whom they ask: how many there are, or their addresses and networks (`10.0.0.0/8,::1`), separated by commas. Without it the address of whoever connects is the caller's.",
  ),
  proxyHeader: oneOf(
    'SLUICE_PROXY_HEADER',
    'x-forwarded-for',
    ['x-forwarded-for', 'forwarded'],
    'The header in which they say it. The other one is ignored: clients can send it.',
  ),
  metricsToken: optionalText(
    'SLUICE_METRICS_TOKEN',
    'none',
    'Bearer token that opens `/metrics` and the details of `/healthz` to other computers. This computer needs none.',
  ),
  account: text('SLUICE_ACCOUNT', 'local', 'Name of the account.'),
  dataDir: text(
    'SLUICE_DATA_DIR',
    '.sluice',
    'Folder for the embedded database, keys, installed providers and sockets.',
  ),
  keyFile: optionalText(
    'SLUICE_KEY_FILE',
    '<SLUICE_DATA_DIR>/keys.json',
    'File with the keys that encrypt secrets and state. Keep it, and a copy of it, apart from the data.',
  ),
  databaseUrl: url(
    'DATABASE_URL',
    ['postgres://', 'postgresql://'],
    'embedded database',
    'PostgreSQL to use instead of the embedded database.',
  ),
  opaPath: optionalText(
    'SLUICE_OPA',
    '`opa` on PATH',
    'The `opa` program, needed to write policies. Without it the shipped policies work.',
  ),
  providerMirror: optionalText(
    'SLUICE_PROVIDER_MIRROR',
    'none',
    "Folder with providers in Terraform's filesystem mirror layout, packed or unpacked.",
  ),
  providerMirrorFor: list(
    'SLUICE_PROVIDER_MIRROR_FOR',
    'Providers that the folder is asked for, separated by commas: `hashicorp/*`, `example.com/*/*`, an address; `!` in front leaves out. All when empty.',
  ),
  providerNetworkMirror: server(
    'SLUICE_PROVIDER_NETWORK_MIRROR',
    undefined,
    "Base address of a server that speaks Terraform's network mirror protocol.",
  ),
  providerNetworkMirrorFor: list(
    'SLUICE_PROVIDER_NETWORK_MIRROR_FOR',
    'Providers that the network mirror is asked for.',
  ),
  providerRegistry: server(
    'SLUICE_PROVIDER_REGISTRY',
    'https://registry.opentofu.org',
    'Where the registry of addresses without a host is reached. `off` asks no registry, of other hosts neither.',
  ),
  providerRegistryFor: list('SLUICE_PROVIDER_REGISTRY_FOR', 'Providers that registries are asked for.'),
  awsAccessKeyId: optionalText(
    'SLUICE_AWS_ACCESS_KEY_ID',
    'none',
    'Id of the AWS access key with which the server takes on the roles of AWS integrations. It needs no right but `sts:AssumeRole` on them.',
  ),
  awsSecretAccessKey: optionalText('SLUICE_AWS_SECRET_ACCESS_KEY', 'none', 'Its secret.'),
  awsSessionToken: optionalText('SLUICE_AWS_SESSION_TOKEN', 'none', 'Its session token, if it has one.'),
  awsStsUrl: optionalText(
    'SLUICE_AWS_STS_URL',
    "the region's own",
    'Address of the STS service, for networks with an endpoint of their own. A private host must be among SLUICE_OUTBOUND_ALLOW.',
  ),
  registrySearchUrl: server(
    'SLUICE_REGISTRY_SEARCH_URL',
    'https://api.opentofu.org/registry/docs/search',
    'Search of the registry, or `off`. The documentation of providers is read from the folder that it is in.',
  ),
  outboundAllow: list(
    'SLUICE_OUTBOUND_ALLOW',
    'Hosts, as `host` or `host:port`, that requests may reach in private networks and without TLS. All others must be on the public internet, with https.',
  ),
  providerOverrides: overrides(
    'SLUICE_PROVIDER_OVERRIDES',
    'Providers under development, used as they are: `address=folder` pairs separated by commas.',
  ),
  providerAllow: list(
    'SLUICE_PROVIDER_ALLOW',
    'Providers that may be installed, besides those of the catalog: addresses such as `hashicorp/time`, `hashicorp/*`, or with a constraint, `hashicorp/time ~> 0.14`.',
  ),
  providerProcesses: integer(
    'SLUICE_PROVIDER_PROCESSES',
    8,
    [1, 256],
    'How many provider processes may be kept running.',
  ),
  providerIdleMs: integer(
    'SLUICE_PROVIDER_IDLE_MS',
    60_000,
    [0, ANY_INTEGER],
    'Milliseconds after which an unused provider process is stopped.',
  ),
  providerTimeoutMs: integer(
    'SLUICE_PROVIDER_TIMEOUT_MS',
    3_600_000,
    [1000, ANY_INTEGER],
    'Milliseconds that one call of a provider may take.',
  ),
  changesAtOnce: integer(
    'SLUICE_CHANGES_AT_ONCE',
    10,
    [1, 64],
    'How many changes of one change set are worked on at once. One process of a provider applies them all.',
  ),
  executorUser: account(
    'SLUICE_EXECUTOR_USER',
    'User and group, as numbers `uid:gid`, under which providers run. Only root can start the server with it.',
  ),
  executorIsolation: oneOf(
    'SLUICE_EXECUTOR_ISOLATION',
    'auto',
    ['auto', 'namespace', 'none'],
    'Whether providers run in Linux namespaces, where they see no data, key, file or process but their own: where the machine permits it, or always (without it the server does not start), or never.',
  ),
  providerFolders: list(
    'SLUICE_PROVIDER_FOLDERS',
    'Folders that providers in namespaces may read and write beside their own, separated by commas.',
  ),
  policyTimeoutMs: integer(
    'POLICY_REGO_TIMEOUT_INTENT',
    5_000,
    [10, 600_000],
    'Milliseconds that one evaluation of a policy may take; after that it counts as a denial.',
  ),
  loginPolicyTimeoutMs: integer(
    'POLICY_REGO_TIMEOUT_LOGIN',
    5_000,
    [10, 600_000],
    'The same for policies of type LOGIN: whoever comes in waits for them.',
  ),
  policyWorkers: integer('SLUICE_POLICY_WORKERS', 2, [1, 64], 'Threads that evaluate policies.'),
  policyMemoryMb: integer('SLUICE_POLICY_MEMORY_MB', 128, [16, 4096], 'Memory that one thread may use, in MB.'),
  accessTokenSeconds: integer(
    'SLUICE_ACCESS_TOKEN_SECONDS',
    600,
    [5, 3600],
    'Seconds that an access token of a signed-in client lives; clients refresh it by themselves.',
  ),
  githubOrganization: optionalText(
    'SLUICE_GITHUB_ORGANIZATION',
    'none',
    'Organisation at GitHub whose members get tokens by `oauthUser`. Without one no GitHub token is taken.',
  ),
  githubTeams: list(
    'SLUICE_GITHUB_TEAMS',
    'Teams of that organisation, by slug, of which a member must be in one, separated by commas. All members when empty.',
  ),
  githubApiUrl: server(
    'SLUICE_GITHUB_API_URL',
    'https://api.github.com',
    'Where GitHub is asked. For GitHub Enterprise Server `https://<host>/api/v3`, with the host in `SLUICE_OUTBOUND_ALLOW` if it is in a private network.',
  ),
  personalTokenDays: integer(
    'SLUICE_PERSONAL_TOKEN_DAYS',
    90,
    [1, 3650],
    'Days that a personal access token may live; one that is made without an end gets as many.',
  ),
  ...ssoSettings,
  maxBodyBytes: integer('SLUICE_MAX_BODY_BYTES', 1_000_000, [1_000, 100_000_000], 'Size of a request body.'),
  maxDepth: integer('SLUICE_MAX_DEPTH', 12, [1, 100], 'Levels of a GraphQL document.'),
  maxAliases: integer('SLUICE_MAX_ALIASES', 30, [0, 10_000], 'Aliases in a GraphQL document.'),
  maxTokens: integer('SLUICE_MAX_TOKENS', 2_000, [10, 1_000_000], 'Tokens in a GraphQL document.'),
  maxRootFields: integer('SLUICE_MAX_ROOT_FIELDS', 20, [1, 1_000], 'Root fields in a GraphQL document.'),
  callerRate: integer(
    'SLUICE_CALLER_RATE',
    500,
    [0, 1_000_000],
    'Requests a second that one caller may send over time; ten times as many at once. 0 sets no limit, here and below.',
  ),
  callerAtOnce: integer(
    'SLUICE_CALLER_CONCURRENCY',
    200,
    [0, 1_000_000],
    'Requests of one caller that are answered at one time.',
  ),
  callerCostRate: integer(
    'SLUICE_CALLER_COST_RATE',
    100_000,
    [0, 1_000_000_000],
    'Fields a second that the documents of one caller may ask for over time, entries of lists counted; ten times as many at once.',
  ),
  addressRate: integer(
    'SLUICE_ADDRESS_RATE',
    1_000,
    [0, 1_000_000],
    'Requests a second that may come from one address (of IPv6, one /64 network); ten times as many at once.',
  ),
  addressAtOnce: integer(
    'SLUICE_ADDRESS_CONCURRENCY',
    500,
    [0, 1_000_000],
    'Requests from one address that are answered at one time.',
  ),
  auditCheckpointEntries: integer(
    'SLUICE_AUDIT_CHECKPOINT_ENTRIES',
    1_000,
    [1, 1_000_000],
    'Audit entries after which a signed checkpoint is written.',
  ),
  auditCheckpointMinutes: integer(
    'SLUICE_AUDIT_CHECKPOINT_MINUTES',
    10,
    [1, 10_080],
    'Minutes after which a signed checkpoint is written, when there was a new entry.',
  ),
  auditCheckpointUrl: server(
    'SLUICE_AUDIT_CHECKPOINT_URL',
    undefined,
    'Address that each checkpoint is posted to as JSON, so that a copy of it lies outside of the database.',
  ),
  auditRetentionDays: integer(
    'SLUICE_AUDIT_RETENTION_DAYS',
    0,
    [0, 36_500],
    'Days that audit entries are kept; 0 keeps them for ever.',
  ),
  logLevel: oneOf(
    'SLUICE_LOG_LEVEL',
    'info',
    ['debug', 'info', 'warn', 'error', 'silent'],
    'What is logged, as JSON lines on stderr.',
  ),
} as const;

type Settings = typeof settings;
type Parsed = { readonly [Name in keyof Settings]: ReturnType<Settings[Name]['parse']> };

/** Where outside programs are looked for; from variables that belong to the system. */
interface SearchPaths {
  readonly path: string | undefined;
  readonly goBin: string | undefined;
  readonly goPath: string | undefined;
}

/** Everything that can be set, checked, with defaults filled in; frozen. Paths are absolute. */
export type Config = Omit<Parsed, 'publicUrl' | 'keyFile' | 'databaseUrl' | keyof typeof ssoSettings> & {
  /** Scheme, host and port, without a trailing slash. */
  readonly publicUrl: string;
  readonly keyFile: string;
  readonly databaseUrl: string | undefined;
  readonly searchPaths: SearchPaths;
  /** Undefined when people sign in with passwords only. */
  readonly sso: SsoConfig | undefined;
};

// These belong to clients and to the test run; they may be set in the same shell without being ours.
const FOREIGN = /^SLUICE_(API|TEST)_/;

/**
 * Turns environment variables into a Config.
 *
 * @throws ConfigError with one line for each wrong, and each unknown `SLUICE_` variable
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const problems = unknownVariables(environment);
  const parsed = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, parseSetting(setting, environment, problems)]),
  ) as Parsed; // each value came from the `parse` of its own name
  const sso = problems.length > 0 ? undefined : ssoOf(parsed, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  const searchPaths = { path: environment['PATH'], goBin: environment['GOBIN'], goPath: environment['GOPATH'] };
  return withDerived(parsed, { searchPaths, sso });
}

/** The configuration of this process. @throws ConfigError */
export function processConfig(): Config {
  return readConfig(process.env);
}

function parseSetting(
  setting: Setting<unknown>,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): unknown {
  const given = environment[setting.variable]?.trim();
  try {
    return setting.parse(given === '' ? undefined : given);
  } catch (error) {
    if (!(error instanceof SettingProblem)) throw error;
    problems.push(`${setting.variable}: ${error.message}`);
    return undefined;
  }
}

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = new Set<string>(Object.values(settings).map(({ variable }) => variable));
  return Object.keys(environment)
    .filter((name) => name.startsWith('SLUICE_') && !known.has(name) && !FOREIGN.test(name))
    .map((name) => `${name}: no such setting; docs/settings.md lists them all`);
}

function withDerived(parsed: Parsed, derived: Pick<Config, 'searchPaths' | 'sso'>): Config {
  const dataDir = resolve(parsed.dataDir);
  return Object.freeze({
    ...parsed,
    dataDir,
    keyFile: resolve(parsed.keyFile ?? `${dataDir}/keys.json`),
    publicUrl: parsed.publicUrl?.origin ?? `http://localhost:${parsed.port}`,
    databaseUrl: parsed.databaseUrl?.href,
    ...derived,
    providerFolders: Object.freeze(parsed.providerFolders.map((path) => resolve(path))),
    providerMirror: parsed.providerMirror === undefined ? undefined : resolve(parsed.providerMirror),
  });
}

/** The text of docs/settings.md. */
export function settingsDocument(): string {
  const rows = Object.values(settings).map(
    ({ variable, fallbackText, describe }) => `| \`${variable}\` | ${fallbackText} | ${describe} |`,
  );
  return [
    '<!-- Generated from src/config.ts by `npm run codegen`. Do not edit. -->',
    '# Settings',
    '',
    'Settings are environment variables. A wrong or unknown one stops the start with exit code 2 and a line that says what to do.',
    '',
    '| variable | default | what it sets |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
