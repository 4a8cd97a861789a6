import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const liarAddress = 'acme/liar';

/** A provider that lies, as an executable for SLUICE_PROVIDER_OVERRIDES. */
export interface LaidLiar {
  readonly executable: string;
  /** Holds a `Script`; no file, no lies. */
  readonly scriptFile: string;
  /** A file in here for each object that exists. */
  readonly cloud: string;
}

export function layLiar(folder: string): LaidLiar {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const laid = {
    executable: join(folder, 'terraform-provider-liar'),
    scriptFile: join(folder, 'script.json'),
    cloud: join(folder, 'cloud'),
  };
  mkdirSync(laid.cloud, { recursive: true });
  const environment = `LIAR_SCRIPT='${laid.scriptFile}' LIAR_CLOUD='${laid.cloud}'`;
  writeFileSync(laid.executable, `#!/bin/sh\n${environment} exec '${process.execPath}' '${main}'\n`, { mode: 0o755 });
  return laid;
}
