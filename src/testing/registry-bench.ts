import { globSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createOutbound, type Outbound } from '../outbound/index.ts';
import { createProviderSource, type ProviderCatalogue, type ProviderSourceOptions } from '../providers/index.ts';
import { startTestRegistry, type TestRegistry } from './registry.ts';
import { until } from './until.ts';

/** A registry and a way to it, with a folder that is fresh for each test. */
export interface RegistryBench {
  readonly registry: TestRegistry;
  readonly outbound: Outbound;
  at(...parts: string[]): string;
  /** Waits until this many bytes of an archive are on the disk. */
  downloaded(bytes: number): Promise<void>;
  /** A catalogue that begins anew, as after a restart; it gets everything under `acme/` from the registry. */
  source(options?: Partial<ProviderSourceOptions>): ProviderCatalogue;
}

/** To be called in a `describe`: starts and stops everything round its tests. */
export function useRegistry(): RegistryBench {
  let registry: TestRegistry;
  let outbound: Outbound;
  let base: string;
  before(async () => {
    registry = await startTestRegistry();
    outbound = createOutbound({ allow: [registry.host] });
  });
  after(async () => {
    await outbound.close();
    await registry.close();
  });
  beforeEach(() => {
    registry.reset();
    base = mkdtempSync(join(tmpdir(), 'sluice-registry-'));
  });
  afterEach(() => rmSync(base, { recursive: true }));
  const at = (...parts: string[]): string => join(base, ...parts);
  return {
    get registry() {
      return registry;
    },
    get outbound() {
      return outbound;
    },
    at,
    downloaded: (bytes) =>
      until(() => globSync(at('cache', '**', '.download-*', '*.part')).some((part) => statSync(part).size === bytes), {
        what: `${bytes} bytes of an archive are on the disk`,
      }),
    source: (options = {}) =>
      createProviderSource({
        allowed: [{ address: 'acme/*' }],
        network: { outbound, registryUrl: registry.url, searchUrl: registry.searchUrl },
        cacheDir: at('cache'),
        lockFile: at('lock.hcl'),
        ...options,
      }),
  };
}
