// A worker thread: evaluates one policy at a time, holds nothing but compiled modules, and may be killed at any moment.
import { parentPort, workerData } from 'node:worker_threads';

import { invariant } from '../../shared/errors.ts';
import { createEvaluator } from './evaluator.ts';
import type { EvaluateMessage, WorkerMessage, WorkerSettings } from './messages.ts';

invariant(parentPort !== null, 'the policy worker runs as a worker thread only');
const port = parentPort;
const evaluate = createEvaluator(workerData as WorkerSettings); // written by policy-worker.ts and by nobody else

port.on('message', (request: EvaluateMessage) => send(evaluate(request)));
send({ kind: 'ready' });

function send(message: WorkerMessage): void {
  port.postMessage(message);
}
