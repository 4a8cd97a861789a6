import { setTimeout as pause } from 'node:timers/promises';

export interface Awaited {
  readonly what: string;
  readonly withinMs?: number;
  /** What there was instead, for whoever reads the failure. */
  readonly seen?: () => string;
}

const EVERY_MS = 50;

/** Waits for something to become true, and fails by its name when it does not. */
export async function until(
  holds: () => Promise<boolean> | boolean,
  { what, withinMs = 180_000, seen }: Awaited,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; ${seen?.() ?? ''}`);
    await pause(EVERY_MS);
  }
}
