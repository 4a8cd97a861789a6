// Builds every part of the server and knows them all: the only file that does.
import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { fieldAccess, typeAccess } from '../generated/access.ts';
import { catalogProviders } from '../generated/catalog.ts';
import { validators } from '../generated/validators.js';
import { auditCommand, startAuditTrail } from './audit.ts';
import { createAuth, createHostCheck, resourceMetadataUrl } from './auth/index.ts';
import { type Config, ConfigError, processConfig } from './config.ts';
import { createLimitRecorder, recordRefusal } from './domain/audit/index.ts';
import type { DomainContext } from './domain/context.ts';
import { prepareFirstStart } from './domain/first-start/index.ts';
import { type AwsSessions, createAwsSessions, createIdentityTokens } from './domain/cloud/index.ts';
import { createCallerSource, createIssuerKeys, createFailureLimit } from './domain/identity/index.ts';
import { startCleaning } from './domain/oauth/index.ts';
import { createGithub, type Github, inviteFirstAdmin } from './domain/people/index.ts';
import type { Executor } from './executor/index.ts';
import { executorOf, providerFolderOf } from './executor-of.ts';
import { createGateway, defaultLimits, type Gateway } from './gateway/index.ts';
import { greeting } from './greeting.ts';
import { createApp, createTraffic, type HealthReport, listen, type Traffic } from './http/index.ts';
import { createIntent, createUpkeep, type Intent, type IntentOptions, limitsOf } from './intent/index.ts';
import { createMcp, type Mcp, parseTools, type Tool } from './mcp/index.ts';
import { createPolicyCompiler, findOpa, type PolicyCompiler, startPolicyEngine } from './policy/index.ts';
import { createOutbound, type Outbound } from './outbound/index.ts';
import { policyDocuments } from './policy-documents.ts';
import { type AllowedProvider, createProviderSource, type ProviderCatalogue } from './providers/index.ts';
import { createLoaders, type ResolverContext, resolvers, spaceOf } from './resolvers/index.ts';
import { systemClock } from './shared/clock.ts';
import { AppError } from './shared/errors.ts';
import { createLogger, type Logger } from './shared/logger.ts';
import { openStorage, type Storage, type StorageOptions } from './storage/database.ts';
import { restoreBackup } from './storage/restore-backup.ts';
import { writeBackup } from './storage/write-backup.ts';
import { startUpkeep } from './upkeep.ts';

const root = resolve(import.meta.dirname, '..');
const version = readVersion();
const STOP_GRACE_MS = 10_000; // for requests in flight; operations that run longer are taken up again after the next start
const COMPILE_TIMEOUT_MS = 30_000; // a policy compiles in 0.3 s; this is for a busy machine

const commands: Readonly<Record<string, (config: Config, args: readonly string[]) => Promise<void>>> = {
  serve,
  migrate,
  audit,
  backup,
  restore,
};

if (import.meta.main) await main(process.argv.slice(2));

async function main([name = 'serve', ...args]: readonly string[]): Promise<void> {
  const command = commands[name];
  try {
    if (command === undefined)
      throw new ConfigError([`no such command: ${name}; use ${Object.keys(commands).join(', ')}`]);
    await command(processConfig(), args);
  } catch (error) {
    // At once: what had been started already must not keep a server that failed to start alive.
    process.exit(explainFailure(error));
  }
}

/** One clear line a problem; anything unexpected with its stack. */
function explainFailure(error: unknown): number {
  if (error instanceof ConfigError) {
    for (const problem of error.problems) console.error(problem);
    return 2;
  }
  console.error(error instanceof AppError ? error.message : error);
  return 1;
}

/** Serves until it is told to stop. */
async function serve(config: Config): Promise<void> {
  const server = await startServer(config);
  console.log(server.greeting);
  const stop = (signal: NodeJS.Signals): void => {
    server.log.info({ signal }, 'stopping');
    void server.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

/** Brings the database to this version's tables, for deployments that do it as a step of its own. */
async function migrate(config: Config): Promise<void> {
  const storage = await storageOf(config, createLogger(config.logLevel));
  await storage.close();
  console.log('The database is up to date.');
}

/** `backup <file>`: everything in the database, as it is at one moment. */
async function backup(config: Config, [file]: readonly string[]): Promise<void> {
  if (file === undefined) throw new ConfigError(['backup: name the file to write, such as sluice-backup.gz']);
  const { rows } = await writeBackup(storageOptions(config, createLogger(config.logLevel)), resolve(file));
  console.log(`${rows} rows are in ${file}. The key file ${config.keyFile} is not: keep a copy of it somewhere else.`);
}

/** `restore <file>`: into an empty database of either kind, which also moves from one kind to the other. */
async function restore(config: Config, [file]: readonly string[]): Promise<void> {
  if (file === undefined) throw new ConfigError(['restore: name the backup file']);
  const { rows } = await restoreBackup(storageOptions(config, createLogger(config.logLevel)), resolve(file));
  console.log(`${rows} rows restored.`);
  await audit(config, ['verify']);
}

/** `audit verify|export|checkpoint|key`. */
async function audit(config: Config, args: readonly string[]): Promise<void> {
  await auditCommand(config, args, () => storageOf(config, createLogger(config.logLevel)));
}

export interface RunningServer {
  readonly greeting: string;
  readonly log: Logger;
  stop(): Promise<void>;
}

/** @param watched what tests watch the engine with */
export async function startServer(config: Config, watched: IntentOptions = {}): Promise<RunningServer> {
  const log = createLogger(config.logLevel);
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const [storage, executor] = await Promise.all([storageOf(config, log), executorOf(config, log)]);
  const outbound = createOutbound({ allow: config.outboundAllow });
  const domain = domainOf(config, { storage, executor, outbound, log });
  const first = await prepareFirstStart(domain, { dataDir: config.dataDir });
  const intent = createIntent(domain, { limits: limitsOf(config), ...watched });
  await intent.recover();
  const tools = readTools();
  const traffic = trafficOf(config, domain);
  const gateway = gatewayOf(config, { domain, intent, tools, log, traffic });
  const mcp = mcpOf(config, { gateway, tools, log });
  const callers = await createCallerSource(domain);
  const auth = await createAuth({
    context: domain,
    accessTokenSeconds: config.accessTokenSeconds,
    sso: config.sso,
    outboundAllow: config.outboundAllow,
  });
  const trail = await startAuditTrail(config, domain);
  const app = createApp({
    gateway,
    callerOf: callers.callerOf,
    mcp: (...call) => mcp.handle(...call),
    auth,
    health: () => health({ storage, executor, compiler: domain.policyCompiler }),
    publicUrl: config.publicUrl,
    allowedHosts: config.allowedHosts,
    maxBodyBytes: config.maxBodyBytes,
    proxyTrust: config.trustProxy && { proxies: config.trustProxy, header: config.proxyHeader },
    traffic,
    metricsToken: config.metricsToken,
    figures: trail.figures,
    documents: new Map([...trail.documents, ...policyDocuments(config), ...domain.identities.documents]),
    log,
  });
  const listening = await listen(app, config.host, config.port);
  const stopCleaning = startCleaning(domain);
  const upkeep = startUpkeep(
    createUpkeep(domain, intent, (...sent) => outbound.post(...sent)),
    domain,
  );
  followTools(mcp, log);
  return {
    greeting: greeting(config, { ...first, version, invitation: await inviteFirstAdmin(domain) }),
    log,
    async stop() {
      stopCleaning();
      await upkeep.stop();
      await mcp.close();
      await callers.stop();
      await listening.stop(STOP_GRACE_MS);
      await intent.close();
      await trail.stop();
      await Promise.all([executor.close(), domain.policyEngine.close()]);
      await storage.close();
    },
  };
}

function storageOf(config: Config, log: Logger): Promise<Storage> {
  return openStorage(storageOptions(config, log));
}

function storageOptions({ databaseUrl, dataDir, keyFile }: Config, logger: Logger): StorageOptions {
  return { databaseUrl, dataDir, keyFile, logger };
}

interface Foundations {
  readonly storage: Storage;
  readonly executor: Executor;
  readonly outbound: Outbound;
  readonly log: Logger;
}

function domainOf(config: Config, { storage, executor, outbound, log }: Foundations): DomainContext {
  const { policyTimeoutMs, policyWorkers, policyMemoryMb } = config;
  const { path, goBin: gobin, goPath: gopath } = config.searchPaths;
  const opaPath = findOpa({ setting: config.opaPath, path, gobin, gopath });
  return {
    storage,
    executor,
    log,
    clock: systemClock,
    aws: awsOf(config, outbound),
    identities: createIdentityTokens({ storage, clock: systemClock, publicUrl: config.publicUrl }),
    policyCompiler: createPolicyCompiler({ opaPath, timeoutMs: COMPILE_TIMEOUT_MS, logger: log }),
    policyEngine: startPolicyEngine({
      workers: policyWorkers,
      timeoutMs: policyTimeoutMs,
      timeouts: { LOGIN: config.loginPolicyTimeoutMs },
      memoryMb: policyMemoryMb,
      logger: log,
    }),
    providers: providersOf(config, outbound),
    rights: { epoch: 0 },
    account: config.account,
    publicUrl: config.publicUrl,
    issuers: createIssuerKeys({ outbound, clock: systemClock }),
    github: githubOf(config, outbound, log),
    personalTokenDays: config.personalTokenDays,
    keyFailures: createFailureLimit(),
  };
}

function githubOf(config: Config, outbound: Outbound, log: Logger): Github | undefined {
  const { githubApiUrl: apiUrl, githubOrganization: organization, githubTeams: teams } = config;
  if (organization === undefined || apiUrl === undefined) return undefined;
  return createGithub({
    apiUrl: apiUrl.replace(/\/$/, ''),
    organization,
    teams,
    outbound,
    log,
  });
}

function awsOf(config: Config, outbound: Outbound): AwsSessions {
  const { awsAccessKeyId, awsSecretAccessKey, awsSessionToken, awsStsUrl } = config;
  if ((awsAccessKeyId === undefined) !== (awsSecretAccessKey === undefined)) {
    throw new ConfigError(['SLUICE_AWS_ACCESS_KEY_ID and SLUICE_AWS_SECRET_ACCESS_KEY: set both or none']);
  }
  return createAwsSessions({
    own:
      awsAccessKeyId === undefined || awsSecretAccessKey === undefined
        ? undefined
        : { accessKeyId: awsAccessKeyId, secretAccessKey: awsSecretAccessKey, sessionToken: awsSessionToken },
    stsUrl: awsStsUrl,
    outbound,
    clock: systemClock,
  });
}

function providersOf(config: Config, outbound: Outbound): ProviderCatalogue {
  return createProviderSource({
    allowed: [...catalogProviders.map(allowCatalogued), ...config.providerAllow.map(parseAllowed)],
    mirrorDir: config.providerMirror,
    developmentOverrides: Object.fromEntries(config.providerOverrides),
    network: {
      outbound,
      mirrorUrl: config.providerNetworkMirror,
      registryUrl: config.providerRegistry,
      searchUrl: config.registrySearchUrl,
    },
    patterns: {
      mirror: config.providerMirrorFor,
      networkMirror: config.providerNetworkMirrorFor,
      registry: config.providerRegistryFor,
    },
    cacheDir: providerFolderOf(config),
    lockFile: join(config.dataDir, 'providers.lock.hcl'),
  });
}

function trafficOf(config: Config, domain: DomainContext): Traffic {
  const recordLimit = createLimitRecorder(domain);
  const limits = {
    callerPerSecond: config.callerRate,
    callerAtOnce: config.callerAtOnce,
    callerCostPerSecond: config.callerCostRate,
    addressPerSecond: config.addressRate,
    addressAtOnce: config.addressAtOnce,
  };
  return createTraffic(limits, (limit, who) => recordLimit(limit, who));
}

function gatewayOf(
  config: Config,
  parts: { domain: DomainContext; intent: Intent; tools: readonly Tool[]; log: Logger; traffic: Traffic },
): Gateway {
  const { domain, intent, tools, log, traffic } = parts;
  return createGateway<ResolverContext>({
    typeDefs: readFileSync(join(root, 'generated/schema.graphql'), 'utf8'),
    resolvers,
    access: { typeAccess, fieldAccess },
    spaceOf,
    contextFor: (caller, origin, describe, report) => ({
      caller,
      origin,
      report,
      domain,
      intent,
      describe,
      loaders: createLoaders(domain, intent),
    }),
    limits: {
      ...defaultLimits,
      depth: config.maxDepth,
      aliases: config.maxAliases,
      tokens: config.maxTokens,
      rootFields: config.maxRootFields,
    },
    log,
    onRefusal: (refusal) => recordRefusal(domain, refusal),
    charge: (who, cost) => traffic.charge(who, cost),
    discovery: { publicUrl: config.publicUrl, tools },
  });
}

function mcpOf(
  config: Config,
  { gateway, tools, log }: { gateway: Gateway; tools: readonly Tool[]; log: Logger },
): Mcp {
  return createMcp({
    gateway,
    tools,
    checks: validators,
    allowsHost: createHostCheck(config.publicUrl, config.allowedHosts),
    metadataUrl: (endpoint) => resourceMetadataUrl(config.publicUrl, endpoint === 'MAIN' ? '/mcp' : '/intent/mcp'),
    maxBodyBytes: config.maxBodyBytes,
    version,
    log,
  });
}

async function health(parts: {
  storage: Storage;
  executor: Executor;
  compiler: PolicyCompiler;
}): Promise<HealthReport> {
  const database = await parts.storage.ping().then(
    () => 'ok',
    () => 'unreachable',
  );
  return {
    ready: database === 'ok',
    version,
    database,
    storage: parts.storage.kind,
    isolation: parts.executor.isolation,
    policyAuthoring: parts.compiler.available,
  };
}

/** `npm run dev` says when the tools were generated anew; clients that listen are told. */
function followTools(mcp: Mcp, log: Logger): void {
  process.on('message', (message) => {
    if (message !== 'tools-changed') return;
    readValidators().then(
      (checks) => mcp.replaceTools(readTools(), checks),
      (error: unknown) => log.error({ err: error }, 'the new tools could not be read; the old ones stay'),
    );
  });
}

// Modules are read once, so a new reading needs a new address.
async function readValidators(): Promise<typeof validators> {
  const address = `../generated/validators.js?at=${Date.now()}`;
  return ((await import(address)) as { validators: typeof validators }).validators;
}

function readTools(): readonly Tool[] {
  return parseTools(readFileSync(join(root, 'generated/mcp.json'), 'utf8'));
}

function readVersion(): string {
  const { version: text } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return text;
}

/** `hashicorp/time ~> 0.14` or only the address. */
function parseAllowed(line: string): AllowedProvider {
  const [address = '', ...constraint] = line.split(' ');
  return { address, versions: constraint.length === 0 ? undefined : constraint.join(' ') };
}

function allowCatalogued({ source, constraint: versions }: { source: string; constraint: string }): AllowedProvider {
  return { address: source, versions };
}
