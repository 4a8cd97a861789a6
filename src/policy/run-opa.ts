import { execFile } from 'node:child_process';

const MAX_OUTPUT_BYTES = 32 * 1024 * 1024; // the syntax tree of a policy at its size limit is about 40 times its text
const COMPILER_MEMORY = '512MiB'; // a soft limit of the Go runtime; the time limit is the hard one

export interface OpaRun {
  readonly opaPath: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly timeoutMs: number;
}

export type OpaOutcome =
  | { readonly kind: 'finished'; readonly ok: boolean; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'unusable'; readonly reason: string };

/** Runs `opa` once: no shell, no environment of ours, killed at the limit. Never throws. */
export function runOpa(run: OpaRun): Promise<OpaOutcome> {
  const options = {
    cwd: run.folder,
    env: { HOME: run.folder, GOMEMLIMIT: COMPILER_MEMORY },
    timeout: run.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: MAX_OUTPUT_BYTES,
    encoding: 'utf8',
    windowsHide: true,
  } as const;
  return new Promise((resolve) => {
    const child = execFile(run.opaPath, [...run.args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ kind: 'finished', ok: true, stdout, stderr });
      else if (error.killed === true) resolve({ kind: 'timeout' });
      else if (typeof error.code === 'number') resolve({ kind: 'finished', ok: false, stdout, stderr });
      else resolve({ kind: 'unusable', reason: String(error.code ?? error.signal ?? 'it did not start') });
    });
    child.stdin?.end();
  });
}
