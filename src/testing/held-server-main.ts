// The server as it ships, but for one thing: it can be told to hold an operation before a step. Started by
// held-server.ts and nothing else.
import { processConfig } from '../config.ts';
import { startServer } from '../main.ts';
import { isJsonObject } from '../shared/json.ts';

let wanted: { readonly step: string; passes: number } | undefined;
let held: (() => void)[] = [];

process.on('message', (message) => {
  if (!isJsonObject(message)) return;
  const { hold, pass, release } = message;
  if (typeof hold === 'string') {
    wanted = { step: hold, passes: Number(pass) };
    process.send?.({ armed: hold });
  }
  if (release !== true) return;
  wanted = undefined;
  for (const goOn of held) goOn();
  held = [];
});

const server = await startServer(processConfig(), {
  limits: readLimits(process.argv[2]),
  async beforeStep(step) {
    if (wanted?.step !== step) return;
    wanted.passes -= 1;
    if (wanted.passes >= 0) return;
    wanted = undefined;
    const released = new Promise<void>((goOn) => held.push(goOn));
    process.send?.({ held: step });
    await released;
  },
});

function readLimits(text = '{}'): Record<string, number> {
  const given: unknown = JSON.parse(text);
  const entries = isJsonObject(given) ? Object.entries(given) : [];
  return Object.fromEntries(entries.map(([name, value]) => [name, Number(value)]));
}

process.once('SIGTERM', () => void server.stop().then(() => process.exit(0)));
