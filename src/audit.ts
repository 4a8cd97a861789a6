// The audit trail as the process runs it: what the server does with checkpoints, and the command `audit`.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { type Config, ConfigError } from './config.ts';
import {
  type Checkpoint,
  type CheckpointPublicKey,
  checkpointJson,
  createCheckpointDelivery,
  createTrailKeeper,
  exportAudit,
  lastCheckpoint,
  linkAll,
  openCheckpointKey,
  parseCheckpoints,
  parsePublicKey,
  signCheckpoint,
  startSequencer,
  verifyAudit,
} from './domain/audit/index.ts';
import type { DomainContext } from './domain/context.ts';
import type { AppOptions } from './http/index.ts';
import { createOutbound } from './outbound/index.ts';
import { systemClock } from './shared/clock.ts';
import { AppError } from './shared/errors.ts';
import type { Storage } from './storage/database.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const KEY_PATH = '/.well-known/sluice-audit-key';

export interface RunningTrail extends Pick<AppOptions, 'figures'> {
  readonly documents: NonNullable<AppOptions['documents']>;
  stop(): Promise<void>;
}

/** Chains entries, signs checkpoints, and brings them to the log, the metrics and an address outside. */
export async function startAuditTrail(config: Config, domain: DomainContext): Promise<RunningTrail> {
  const { log } = domain;
  const delivery = deliveryOf(config, domain);
  const keeper = await createTrailKeeper(domain, {
    entries: config.auditCheckpointEntries,
    intervalMs: config.auditCheckpointMinutes * 60_000,
    keepMs: config.auditRetentionDays === 0 ? undefined : config.auditRetentionDays * DAY_MS,
    publish(checkpoint) {
      log.info({ checkpoint: checkpointJson(checkpoint) }, 'audit checkpoint');
      delivery?.offer(checkpoint);
    },
  });
  const sequencer = startSequencer(domain, keeper);
  const { jwk } = await openCheckpointKey(domain);
  return {
    figures: figuresOf(() => keeper.latest()),
    documents: new Map([[KEY_PATH, async () => ({ keys: [jwk] })]]),
    async stop() {
      await sequencer.stop();
      delivery?.stop();
    },
  };
}

function deliveryOf({ auditCheckpointUrl: url, outboundAllow }: Config, { log }: DomainContext) {
  if (url === undefined) return undefined;
  // The operator named the address, so it may be in a private network.
  const outbound = createOutbound({ allow: [...outboundAllow, new URL(url).hostname] });
  return createCheckpointDelivery({ url, outbound, log });
}

function figuresOf(latest: () => Checkpoint | undefined): AppOptions['figures'] {
  return [
    {
      name: 'sluice_audit_checkpoint_sequence',
      help: 'Number of the last audit entry that a signed checkpoint stands for.',
      read: () => latest()?.seq,
    },
    {
      name: 'sluice_audit_checkpoint_timestamp_seconds',
      help: 'When the last audit checkpoint was signed.',
      read: () => (latest()?.at.getTime() ?? Number.NaN) / 1000,
    },
  ];
}

interface Command {
  readonly config: Config;
  readonly storage: Storage;
  /** Values of `--name value` and `--name=value`. */
  readonly options: ReadonlyMap<string, string>;
}

const verbs: Readonly<Record<string, { readonly options: readonly string[]; run(command: Command): Promise<void> }>> = {
  verify: { options: ['checkpoint', 'key'], run: verify },
  export: { options: ['since'], run: exportLines },
  checkpoint: { options: [], run: printCheckpoint },
  key: { options: [], run: printKey },
};

/** `audit verify|export|checkpoint|key`. */
export async function auditCommand(
  config: Config,
  [verb = '', ...args]: readonly string[],
  open: () => Promise<Storage>,
): Promise<void> {
  const command = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (command === undefined) throw new ConfigError([`audit: the verbs are ${Object.keys(verbs).join(', ')}`]);
  const options = parseOptions(verb, args, command.options);
  const storage = await open();
  try {
    await command.run({ config, storage, options });
  } finally {
    await storage.close();
  }
}

function parseOptions(verb: string, args: readonly string[], known: readonly string[]): Map<string, string> {
  const words = args.flatMap((arg) => (arg.startsWith('--') ? arg.split(/=(.*)/s).slice(0, 2) : [arg]));
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const [name = '', value] = [words[at]?.replace(/^--/, ''), words[at + 1]];
    if (words[at] === name || !known.includes(name) || value === undefined || value.startsWith('--')) {
      const usage = known.map((each) => `--${each} <value>`).join(', ');
      throw new ConfigError([`audit ${verb} takes ${usage === '' ? 'no options' : usage}, not ${args.join(' ')}`]);
    }
    options.set(name, value);
  }
  return options;
}

async function verify({ config, storage, options }: Command): Promise<void> {
  const key = await keyFor(storage, options.get('key'));
  const file = options.get('checkpoint');
  const outside = file === undefined ? [] : parseCheckpoints(readText('checkpoint', file));
  const verdict = await verifyAudit(storage, { account: config.account, key, outside });
  console.log(verdict.message);
  process.exitCode = verdict.intact ? 0 : 1;
}

async function keyFor(storage: Storage, file: string | undefined): Promise<CheckpointPublicKey> {
  return file === undefined ? openCheckpointKey({ storage }) : parsePublicKey(readText('key', file));
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`--${option}: ${JSON.stringify(file)} could not be read: ${String(error)}`]);
  }
}

async function exportLines({ storage, options }: Command): Promise<void> {
  const since = options.get('since');
  const from = since === undefined ? undefined : new Date(since);
  if (from !== undefined && Number.isNaN(from.getTime()))
    throw new ConfigError([`--since: must be a time such as 2026-11-22T10:00:00Z, not ${JSON.stringify(since)}`]);
  for await (const line of exportAudit(storage, from)) {
    // A reader that is slower than the database is waited for.
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
  }
}

/** A checkpoint of this moment; the last one again when nothing has happened since. */
async function printCheckpoint({ config, storage }: Command): Promise<void> {
  const key = await openCheckpointKey({ storage });
  const context = { storage, account: config.account, clock: systemClock };
  await linkAll(storage);
  const checkpoint = (await signCheckpoint(context, key)) ?? (await lastCheckpoint(storage));
  if (checkpoint === undefined) throw new AppError('NO_SUCH', 'the audit trail has no entry yet');
  console.log(JSON.stringify(checkpointJson(checkpoint)));
}

async function printKey({ storage }: Command): Promise<void> {
  console.log(JSON.stringify({ keys: [(await openCheckpointKey({ storage })).jwk] }, null, 2));
}
