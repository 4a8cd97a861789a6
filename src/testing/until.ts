import { setTimeout as pause } from 'node:timers/promises';

/** Waits for something to become true, and fails by its name when it does not. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  {
    what,
    withinMs = 60_000,
    everyMs = 50,
  }: { readonly what: string; readonly withinMs?: number; readonly everyMs?: number },
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(everyMs);
  }
}
