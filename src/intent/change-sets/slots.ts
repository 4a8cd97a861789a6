import { fact, type Run, type Step } from '../run.ts';

/** A number of places, each for one piece of work at a time. */
export interface Slots {
  /** Waits for a place; the one that it gives back is free again after the call. */
  take(): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const giveBack = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return giveBack;
    },
  };
}

/** The same step, under its own name, no more often at once than there are places. */
export function inSlot(slots: Slots, atWork: Set<string>, step: Step): Step {
  const limited = async (run: Run): Promise<void> => {
    const { id } = fact(run, 'operation');
    atWork.delete(id);
    const giveBack = await slots.take();
    atWork.add(id);
    try {
      await step(run);
    } finally {
      giveBack();
    }
  };
  return Object.defineProperty(limited, 'name', { value: step.name });
}
