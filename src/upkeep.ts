// What the server does for projects by itself, handed out over the queue.
import type { DueJob, Upkeep } from './intent/index.ts';
import type { Logger } from './shared/logger.ts';
import type { Storage } from './storage/database.ts';
import { type Queue, startQueue } from './storage/queue.ts';

export interface RunningUpkeep {
  stop(): Promise<void>;
}

const LOOK_MS = 5_000; // an indexed read of nothing, most of the time
const SENT_AGAIN_MS = 60_000; // a job that no worker has taken by then is sent once more

/**
 * Looks at short intervals for what is due and sends it to the queue, from which any server on the database takes it. The
 * queue is started with the first job: a server that has none is spared its polling.
 */
export function startUpkeep(
  upkeep: Upkeep,
  { storage, log }: { storage: Storage; log: Logger },
  lookMs = LOOK_MS,
): RunningUpkeep {
  const sent = new Map<string, number>();
  let queue: Promise<Queue> | undefined;
  let looking = Promise.resolve();
  const send = async ({ name, project }: DueJob): Promise<void> => {
    const key = `${name} ${project}`;
    if ((sent.get(key) ?? 0) > performance.now()) return;
    sent.set(key, performance.now() + SENT_AGAIN_MS);
    queue ??= withWorkers(upkeep, storage, log);
    await (await queue).send(name, { project });
  };
  const look = async (): Promise<void> => {
    for (const job of await upkeep.due()) await send(job);
    for (const [key, until] of sent) if (until <= performance.now()) sent.delete(key);
  };
  const timer = setInterval(() => {
    looking = looking.then(look).catch((error: unknown) => {
      queue = undefined;
      log.error({ err: error }, 'what is due for projects could not be looked for; trying again');
    });
  }, lookMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await looking;
      await (await queue)?.stop();
    },
  };
}

async function withWorkers({ jobs }: Upkeep, storage: Storage, log: Logger): Promise<Queue> {
  const queue = await startQueue(storage, log);
  for (const { name, run } of jobs) await queue.work(name, (data) => run({ project: projectOf(data) }));
  return queue;
}

function projectOf(data: object): string {
  return 'project' in data && typeof data.project === 'string' ? data.project : '';
}
