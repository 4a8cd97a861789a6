import { createHash } from 'node:crypto';

import { LRUCache } from 'lru-cache';

import type { FailureReason } from '../policy-failure.ts';
import { type LoadedModule, loadPolicy } from './load-policy.ts';
import type { EvaluateMessage, WorkerMessage, WorkerSettings } from './messages.ts';
import { wasm as webAssembly, type WasmModule } from './web-assembly.ts';

const PAGES_PER_MB = 16;
const KEPT_MEMORY_BYTES = 4 * 1024 * 1024; // memory never shrinks, so a module that once grew past this starts afresh
const MAX_MESSAGE_CHARACTERS = 200;

/** A module and, while it is usable, its instance. */
interface Held {
  readonly module: WasmModule;
  loaded: LoadedModule | undefined;
}

class Refusal extends Error {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Evaluates policies, keeping the modules used last. Every failure is an answer: there is no way to a default. */
export function createEvaluator(settings: WorkerSettings): (request: EvaluateMessage) => WorkerMessage {
  const modules = new LRUCache<string, Held>({ max: settings.maxModules });
  return (request) => {
    try {
      const held = modules.get(request.sha256) ?? compile(request);
      if (held === undefined) return { kind: 'missing' };
      if (request.wasm !== undefined) modules.set(request.sha256, held);
      return { kind: 'result', json: run(held, request.input, settings) };
    } catch (error) {
      return failure(error);
    }
  };
}

function compile({ wasm, sha256 }: EvaluateMessage): Held | undefined {
  if (wasm === undefined) return undefined;
  if (createHash('sha256').update(wasm).digest('hex') !== sha256) {
    throw new Refusal('CORRUPT', 'the compiled policy does not match its checksum');
  }
  try {
    return { module: new webAssembly.Module(wasm), loaded: undefined };
  } catch (error) {
    throw new Refusal('CORRUPT', `the compiled policy is not WebAssembly: ${messageOf(error)}`);
  }
}

function run(held: Held, input: string, { memoryMb, maxResultBytes }: WorkerSettings): string {
  const policy = held.loaded ?? load(held.module, memoryMb);
  held.loaded = undefined; // an instance that threw is in no known state: it is put back only after it answered
  const set = policy.evaluate(input, maxResultBytes);
  if (set === undefined) {
    throw new Refusal('RESULT_TOO_LARGE', `the policy's result is larger than ${maxResultBytes} bytes`);
  }
  const json = resultOf(set);
  if (policy.memoryBytes() <= KEPT_MEMORY_BYTES) held.loaded = policy;
  return json;
}

const SET_START = '[{"result":';
const SET_END = '}]';

/** The result set has one element, whose result is the package's object. It stays text: the other thread parses it. */
function resultOf(set: string): string {
  const json = set.slice(SET_START.length, -SET_END.length);
  if (set.startsWith(`${SET_START}{`) && set.endsWith(`}${SET_END}`)) return json;
  throw new Refusal('RESULT_MALFORMED', 'the policy gave no object of rules');
}

function load(module: WasmModule, memoryMb: number): LoadedModule {
  try {
    return loadPolicy(module, memoryMb * PAGES_PER_MB);
  } catch (error) {
    throw new Refusal('CORRUPT', `the compiled policy does not start: ${messageOf(error)}`);
  }
}

function failure(error: unknown): WorkerMessage {
  const message = messageOf(error);
  if (error instanceof Refusal) return { kind: 'failed', reason: error.reason, message };
  // How a module, and the platform, say that the memory limit is reached.
  const outOfMemory = /opa_malloc|memory size exceeded/i.test(message);
  return { kind: 'failed', reason: outOfMemory ? 'MEMORY' : 'TRAP', message };
}

/** Printable, one line, short. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_MESSAGE_CHARACTERS);
}
