import { setTimeout as pause } from 'node:timers/promises';

import type { Db, Storage } from '../../storage/database.ts';
import { deferring } from '../../storage/deferred.ts';
import type { Fence } from '../../storage/fence.ts';
import { changeOperations, type OperationMove } from '../../storage/operations.ts';

/** Writes the moves of operations down. */
export interface Writer {
  /** Returns when the move is committed. */
  write(move: OperationMove, also: ((db: Db) => Promise<void>) | undefined): Promise<void>;
}

const GATHER_MS = 10; // a transaction takes about as long
const STEP_MS = 2;

interface Entry {
  readonly move: OperationMove;
  readonly also: ((db: Db) => Promise<void>) | undefined;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes what operations of one project have to write at the same time in one transaction. Whoever comes while one is under way goes with the next. Where one of them cannot be written, each is tried by
 * itself, so that only its own operation is told.
 *
 * @param atWork how many operations may come with a move of theirs at any moment: it is worth waiting for them a little
 */
export function createGroupWriter(storage: Storage, fence: Fence, atWork: () => number): Writer {
  let waiting: Entry[] = [];
  let writing = false;

  async function writeAll(entries: readonly Entry[]): Promise<void> {
    await storage.transaction(
      (db) =>
        deferring(db, fence, async (later) => {
          await changeOperations(
            later,
            fence,
            entries.map(({ move }) => move),
          );
          for (const { also } of entries) await also?.(later);
        }),
      { vital: true },
    );
    for (const { done } of entries) done();
  }

  async function writeEach(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) await writeAll([entry]).catch(entry.failed);
  }

  async function work(): Promise<void> {
    writing = true;
    while (waiting.length > 0) {
      for (let waitedMs = 0; waiting.length < atWork() && waitedMs < GATHER_MS; waitedMs += STEP_MS)
        await pause(STEP_MS);
      const entries = waiting;
      waiting = [];
      await writeAll(entries).catch(() => writeEach(entries));
    }
    writing = false;
  }

  return {
    write: (move, also) =>
      new Promise((done, failed) => {
        waiting.push({ move, also, done, failed });
        if (!writing) void work();
      }),
  };
}
