import { readFileSync } from 'node:fs';

import { isJsonObject } from '../shared/json.ts';
import type { Problem } from '../shared/problems.ts';

/**
 * Ways in which this provider can be told to misbehave, so that whoever drives it can be tested. All off by default.
 * Set by `faults` in the provider configuration or as a JSON object of texts in SLUICE_SANDBOX_FAULTS (or `@file`, read
 * again at every call). Where a call is meant, the value is its protocol name, such as `ApplyResourceChange`.
 */
export const faultNames = {
  crash: 'call before whose effect the process is killed',
  crash_after: 'call after whose effect the process is killed, unanswered',
  hang: 'call that has no effect and no answer',
  slow_ms: 'milliseconds that each call takes longer',
  fail_create: 'any text: a create makes the object and still reports an error',
  wrong_type: 'call whose object in the answer is a number',
  unknown_after_apply: 'any text: computed values stay unknown after an apply',
  change_planned: 'name of a text attribute that an apply answers otherwise than planned',
  change_config: 'name of a text attribute that a plan answers otherwise than configured',
  diagnostics_flood: 'number of warnings in each answer',
  huge_diagnostic_mb: 'megabytes of one warning in each answer',
  stdout_noise: '`before` or `after` the handshake line (environment only)',
  handshake: 'text printed in place of the handshake line (environment only)',
  ignore_stop: 'any text: neither a signal nor a shutdown ends the process',
} as const;

export type FaultName = keyof typeof faultNames;
export type Faults = ReadonlyMap<string, string>;

/** @param setting the environment variable; text that does not parse is no fault */
export function faultsFromEnvironment(setting: string | undefined): Faults {
  if (setting === undefined || setting === '') return new Map();
  try {
    const parsed: unknown = JSON.parse(setting.startsWith('@') ? readFileSync(setting.slice(1), 'utf8') : setting);
    return isJsonObject(parsed)
      ? new Map(
          Object.entries(parsed).map(([name, value]) => [
            name,
            typeof value === 'string' ? value : JSON.stringify(value),
          ]),
        )
      : new Map();
  } catch {
    return new Map();
  }
}

export function checkFaults(faults: Faults): Problem[] {
  return [...faults.keys()]
    .filter((name) => !(name in faultNames))
    .map((name) => ({
      severity: 'error',
      summary: 'Unknown fault',
      detail: `There is no fault ${JSON.stringify(name)}; there are ${Object.keys(faultNames).join(', ')}.`,
      path: ['faults', name],
    }));
}

/** What happens before a call has its effect. */
export async function beforeCall(faults: Faults, call: string): Promise<void> {
  await wait(Number(faults.get('slow_ms') ?? 0));
  if (faults.get('crash') === call) dieWith(`fault: crash in ${call}`);
  if (faults.get('hang') === call) await new Promise(() => {});
}

/** What happens to an answer on its way out. */
export function afterCall(faults: Faults, call: string, answer: object): object {
  if (faults.get('crash_after') === call) dieWith(`fault: crash after ${call}`);
  const noise = [
    ...flood(Number(faults.get('diagnostics_flood') ?? 0)),
    ...huge(Number(faults.get('huge_diagnostic_mb') ?? 0)),
  ];
  const noisy = noise.length > 0 ? withDiagnostics(answer, noise) : answer;
  return faults.get('wrong_type') === call ? withWrongTypes(noisy) : noisy;
}

function withDiagnostics(answer: object, added: readonly object[]): object {
  if (!('diagnostics' in answer) || !Array.isArray(answer.diagnostics)) return answer;
  const own: readonly unknown[] = answer.diagnostics;
  return { ...answer, diagnostics: [...own, ...added] };
}

// Killed rather than left by `process.exit`, which would still close the connection in good order.
function dieWith(message: string): void {
  process.stderr.write(`${message}\n`);
  process.kill(process.pid, 'SIGKILL');
}

async function wait(ms: number): Promise<void> {
  if (ms > 0) await new Promise((done) => setTimeout(done, ms));
}

function flood(count: number): object[] {
  return Array.from({ length: count }, (_, at) => ({
    severity: 'WARNING',
    summary: `Flood ${at}`,
    detail: 'fault: diagnostics_flood',
  }));
}

function huge(megabytes: number): object[] {
  return megabytes > 0 ? [{ severity: 'WARNING', summary: 'Huge', detail: 'x'.repeat(megabytes * 1024 ** 2) }] : [];
}

const SEVEN = Uint8Array.of(7); // MessagePack of a number where an object belongs

function withWrongTypes(answer: object): object {
  return Object.fromEntries(
    Object.entries(answer).map(([name, part]: [string, unknown]) => [
      name,
      isJsonObject(part) && 'msgpack' in part ? { msgpack: SEVEN } : part,
    ]),
  );
}
