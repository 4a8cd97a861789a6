import { mkdtemp } from 'node:fs/promises';
import { basename, join } from 'node:path';

import {
  connectProvider,
  createPluginCertificate,
  HandshakeError,
  MAGIC_COOKIE,
  parseHandshake,
  type PluginCertificate,
  type ProviderBinary,
  type ProviderConnection,
  verifyBinary,
} from '../providers/index.ts';
import { ChildProgram } from './child-program.ts';
import type { ProviderSession } from './executor.ts';
import { readFirstLine } from './first-line.ts';
import { inNamespace } from './isolation/namespace-command.ts';
import { makeProviderWorld } from './isolation/provider-world.ts';
import { filesBeside } from './executor-folders.ts';
import { mountFiles } from './mount-files.ts';
import { providerFailed } from './provider-failure.ts';

const STOP_TIMEOUT_MS = 2_000; // a provider that was asked to end and has not by then is killed
const CLOSED_NOTICE_MS = 500; // the end of its output is noticed before its own

export interface ProcessSettings {
  readonly socketDir: string;
  readonly workDir: string;
  /** Whether a provider gets namespaces of its own. */
  readonly isolated: boolean;
  readonly maxMessageBytes: number;
  /** For the handshake; large providers take seconds on a busy machine. */
  readonly startTimeoutMs: number;
  readonly onStart: (pid: number, folder: string) => void;
  readonly onEnd: (pid: number) => void;
}

/** A provider's process from its start to its end. */
export interface ProviderProcess {
  readonly binary: ProviderBinary;
  readonly connection: ProviderConnection;
  readonly ended: Promise<void>;
  alive(): boolean;
  /** How it ended and what it said last, if it does so within this time; undefined if it lives on. */
  obituary(waitMs: number): Promise<Obituary | undefined>;
  /** Asks it to end, and kills it if it does not. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export interface Obituary {
  readonly how: string;
  readonly lastWords: string | undefined;
}

/** Checks the file, starts it and shakes hands. @throws AppError PROVIDER_REFUSED, PROVIDER_FAILED */
export async function startProvider(
  { binary, environment, files }: Pick<ProviderSession, 'binary' | 'environment' | 'files'>,
  settings: ProcessSettings,
): Promise<ProviderProcess> {
  await verifyBinary(binary);
  const folder = await mkdtemp(join(settings.socketDir, 'p-')); // mode 0700, so only we reach the socket
  const own = createPluginCertificate();
  const given = settings.isolated ? join(filesBeside(settings.socketDir), basename(folder)) : folder;
  const variables = await mountFiles(given, files ?? {}, possibleFor(binary, environment));
  const env = pluginEnvironment(variables, own, folder);
  const program = startIn(folder, given, binary, env, settings);
  announce(program, folder, settings);
  try {
    const line = await handshakeLine(program, settings.startTimeoutMs);
    return asProvider(binary, program, await connectProvider(parseHandshake(line), own, settings));
  } catch (cause) {
    throw await failedStart(binary, program, cause);
  }
}

function startIn(
  folder: string,
  files: string,
  binary: ProviderBinary,
  env: NodeJS.ProcessEnv,
  settings: ProcessSettings,
): ChildProgram {
  const command = binary.command ?? [binary.path];
  const { isolated, socketDir, workDir } = settings;
  if (!isolated) return new ChildProgram(command, { env, cwd: workDir, folders: [folder] });
  const place = makeProviderWorld({ folder, files, socketDir, workDir, builtIn: binary.command !== undefined });
  const folders = [folder, files];
  return new ChildProgram(inNamespace(command, place), { env, cwd: folder, folders, reportedBy: 'shell' });
}

const BUILT_IN_PREFIX = 'SLUICE_SANDBOX_';

/**
 * A program that we start by a command is part of Sluice and runs in Node, which, like the libraries in it, can be made
 * to load foreign code by many variables: it gets those alone that it knows.
 */
function possibleFor({ command }: ProviderBinary, declared: ProviderSession['environment']) {
  if (command === undefined) return declared;
  return Object.fromEntries(Object.entries(declared).filter(([name]) => name.startsWith(BUILT_IN_PREFIX)));
}

function announce(program: ChildProgram, folder: string, { onStart, onEnd }: ProcessSettings): void {
  const { pid } = program;
  if (pid === undefined) return;
  onStart(pid, folder);
  void program.ended.then(() => onEnd(pid));
}

function pluginEnvironment(
  declared: Readonly<Record<string, string>>,
  own: PluginCertificate,
  folder: string,
): NodeJS.ProcessEnv {
  return {
    TF_LOG_SDK: 'OFF', // otherwise each call is traced to stderr, tens of kilobytes at a time
    ...declared,
    [MAGIC_COOKIE.name]: MAGIC_COOKIE.value,
    PLUGIN_PROTOCOL_VERSIONS: '5,6',
    PLUGIN_CLIENT_CERT: own.certificatePem,
    PLUGIN_UNIX_SOCKET_DIR: folder,
  };
}

async function handshakeLine(program: ChildProgram, timeoutMs: number): Promise<string> {
  const gaveUp = new AbortController();
  const timer = setTimeout(() => gaveUp.abort(new Error('it did not shake hands in time')), timeoutMs);
  void program.ended.then(() => gaveUp.abort(new Error('it ended')));
  return readFirstLine(program.stdout, gaveUp.signal).finally(() => clearTimeout(timer));
}

async function failedStart(binary: ProviderBinary, program: ChildProgram, cause: unknown): Promise<Error> {
  if (!(cause instanceof HandshakeError)) await program.endsWithin(CLOSED_NOTICE_MS);
  const ending = program.ending();
  await program.kill();
  const why = cause instanceof Error ? cause.message : 'it failed';
  const happened = ending === undefined ? `could not be used: ${why}` : `${ending} before it was ready`;
  return providerFailed(binary, happened, { mayHaveActed: false, lastWords: program.lastWords(), cause });
}

function asProvider(binary: ProviderBinary, program: ChildProgram, connection: ProviderConnection): ProviderProcess {
  connection.readOutput((text) => program.addOutput(text));
  void program.ended.then(() => connection.close());
  return {
    binary,
    connection,
    ended: program.ended,
    alive: () => program.ending() === undefined,
    kill: () => program.kill(),
    obituary: async (waitMs) => {
      await program.endsWithin(waitMs);
      const how = program.ending();
      return how === undefined ? undefined : { how, lastWords: program.lastWords() };
    },
    stop: async () => {
      await Promise.race([connection.shutdown(STOP_TIMEOUT_MS), program.ended]);
      await program.endsWithin(STOP_TIMEOUT_MS);
      await program.kill();
    },
  };
}
