import { readdirSync, readFileSync } from 'node:fs';

/** Resident memory of a process and all below it. */
export function treeMb(root: number | undefined): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    const stat = readProc(`/proc/${name}/stat`);
    parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const within = (pid: number | undefined): boolean => pid !== undefined && (pid === root || within(parents.get(pid)));
  const pids = [...parents.keys()].filter((pid) => within(pid));
  return pids.reduce((sum, pid) => sum + residentKb(pid), 0) / 1024;
}

function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`))?.[1] ?? 0);
}

// A process may end while it is looked at.
function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
