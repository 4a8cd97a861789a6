import { readdirSync, readFileSync } from 'node:fs';

/**
 * Processes whose environment or command line holds a text; Linux only. For tests that look for what is left behind. What
 * only stands around a program in namespaces of its own is left out: it waits for the program, and ends with it.
 */
export function processesWith(text: string, where: 'environ' | 'cmdline'): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => readOrNothing(`/proc/${name}/${where}`).includes(text))
    .filter((name) => !standsAround(readOrNothing(`/proc/${name}/status`)))
    .map(Number);
}

// Who makes namespaces, and the shell that is the first process in them.
function standsAround(status: string): boolean {
  const program = /^Name:\s+(.+)$/m.exec(status)?.[1] ?? '';
  const numbers = /^NSpid:\s+(.+)$/m.exec(status)?.[1]?.split('\t') ?? [];
  return program === 'unshare' || (numbers.length > 1 && numbers.at(-1) === '1');
}

/** A process's environment, as it was given at its start. */
export function environmentOf(pid: number): string[] {
  return readOrNothing(`/proc/${pid}/environ`)
    .split('\0')
    .filter((entry) => entry !== '')
    .map((entry) => entry.slice(0, entry.indexOf('=')));
}

/** Processes that a process started, and those that these started; but for what only stands around others. */
export function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const childrenOf = (of: number): number[] => parents.filter(({ parent }) => parent === of).map((each) => each.pid);
  const all = childrenOf(pid);
  for (const child of all) all.push(...childrenOf(child));
  return all.filter((each) => !standsAround(readOrNothing(`/proc/${each}/status`)));
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/status`))?.[1]);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** SIGKILL, to one that may have ended by itself. */
export function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has
  }
}

/** The user that a process runs as. */
export function userOf(pid: number): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readOrNothing(`/proc/${pid}/status`))?.[1]);
}

// A process may end while it is looked at.
function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
