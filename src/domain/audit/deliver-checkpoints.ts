import type { Outbound } from '../../outbound/index.ts';
import type { Logger } from '../../shared/logger.ts';
import { type Checkpoint, checkpointJson } from './checkpoint.ts';

export interface CheckpointDelivery {
  /** Sends the checkpoint in the background. A newer one proves all that an older one does, and takes its place. */
  offer(checkpoint: Checkpoint): void;
  stop(): void;
}

export interface DeliveryOptions {
  readonly url: string;
  readonly outbound: Pick<Outbound, 'post'>;
  readonly log: Logger;
  readonly firstRetryMs?: number;
}

const FIRST_RETRY_MS = 5_000;
const LAST_RETRY_MS = 5 * 60_000;
const LIMITS = { timeoutMs: 10_000, maxBytes: 100_000 };

/** Posts checkpoints as JSON to an address outside, and again until it answers with success. */
export function createCheckpointDelivery(options: DeliveryOptions): CheckpointDelivery {
  const { firstRetryMs = FIRST_RETRY_MS } = options;
  let waiting: Checkpoint | undefined;
  let [sending, stopped, retryMs] = [false, false, firstRetryMs];
  let timer: NodeJS.Timeout | undefined;
  const send = async (): Promise<void> => {
    if (sending || stopped || waiting === undefined) return;
    const checkpoint = waiting;
    sending = true;
    const arrived = await post(options, checkpoint);
    sending = false;
    if (arrived && waiting === checkpoint) waiting = undefined;
    retryMs = arrived ? firstRetryMs : Math.min(retryMs * 2, LAST_RETRY_MS);
    if (waiting === undefined) return;
    timer = setTimeout(() => void send(), arrived ? 0 : retryMs);
    timer.unref();
  };
  return {
    offer(checkpoint) {
      waiting = checkpoint;
      clearTimeout(timer);
      void send();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function post({ url, outbound, log }: DeliveryOptions, checkpoint: Checkpoint): Promise<boolean> {
  const { seq } = checkpoint;
  try {
    const { status } = await outbound.post(url, JSON.stringify(checkpointJson(checkpoint)), LIMITS);
    if (status >= 200 && status < 300) return true;
    log.warn({ status, sequence: seq }, 'the audit checkpoint was not taken; trying again');
  } catch (error) {
    log.warn({ err: error, sequence: seq }, 'the audit checkpoint could not be sent; trying again');
  }
  return false;
}
