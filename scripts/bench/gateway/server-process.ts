import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server under measurement, in a process of its own. */
export interface ServerProcess {
  readonly name: string;
  readonly port: number;
  /** User and system time that the process has used so far. */
  cpuMicroseconds(): number;
  stop(): void;
}

const TICK_MICROSECONDS = 10_000; // what Linux counts in, on every common build (sysconf CLK_TCK = 100)

/** @param flags of Node; ours is measured with those that it ships with */
export async function startServer(
  name: string,
  file: string,
  environment: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, file)], {
    env: { ...process.env, NODE_ENV: 'production', ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const port = Number(await firstLine(child, file));
  return { name, port, cpuMicroseconds: () => cpuOf(child.pid ?? 0), stop: () => void child.kill() };
}

function firstLine(child: ChildProcess, file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    if (child.stdout === null) return reject(new Error(`${file} has no output`));
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}; run it by hand to see why`)));
  });
}

/** User and system time of a process, in microseconds. Source: proc(5). */
export function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold spaces
  return (Number(fields[11]) + Number(fields[12])) * TICK_MICROSECONDS;
}
