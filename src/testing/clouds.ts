import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { buildGoProvider, fixtureAddress } from './go-provider.ts';

/** Where a provider's objects are, so that whatever was forgotten or done twice can be counted. */
export interface Cloud {
  readonly address: string;
  readonly type: string;
  /** What a server needs to find the provider. */
  readonly settings: Readonly<Record<string, string>>;
  config(name: string, content: string, delayMs?: number): JsonObject;
  dataSource(object: CloudObject): { readonly type: string; readonly config: JsonObject };
  objects(): CloudObject[];
  /** Everything that was ever done, a line each: `create`, `update` or `delete`, and the object's id. */
  readonly effects?: () => string[];
}

export interface CloudObject {
  /** As its provider imports it. */
  readonly id: string;
  readonly name: string;
  readonly content: string;
}

/**
 * A real provider in Go that makes a file for each object in a folder of its own.
 *
 * @param more variables that it gets
 */
export async function goCloud(
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Required<Cloud> & { readonly directory: string }> {
  const directory = join(folder, 'cloud');
  mkdirSync(directory, { recursive: true });
  const wrapper = join(folder, 'terraform-provider-fixture');
  const variables = Object.entries({ FIXTURE_DIR: directory, ...more }).map(([name, value]) => `${name}=${value}`);
  const script = `#!/bin/sh\n${variables.join(' ')} exec ${await buildGoProvider()}\n`;
  writeFileSync(wrapper, script, { mode: 0o755 });
  return {
    directory,
    address: fixtureAddress,
    type: 'fixture_object',
    settings: {
      SLUICE_PROVIDER_OVERRIDES: `${fixtureAddress}=${wrapper}`,
      SLUICE_PROVIDER_ALLOW: fixtureAddress,
      SLUICE_PROVIDER_FOLDERS: directory,
    },
    config: (name, content, delayMs) => ({ name, content, ...(delayMs === undefined ? {} : { delay_ms: delayMs }) }),
    dataSource: ({ id }) => ({ type: 'fixture_object', config: { id } }),
    objects: () =>
      readdirSync(directory)
        .filter((file) => file.endsWith('.json'))
        .flatMap((file) => readObject(join(directory, file))),
    effects: () => readLines(join(directory, 'journal')),
  };
}

// It may be half written, or gone by now.
function readObject(path: string): CloudObject[] {
  try {
    const found: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const { name, content } = isJsonObject(found) ? found : {};
    if (typeof name !== 'string' || typeof content !== 'string') return [];
    return [{ id: basename(path, '.json'), name, content }];
  } catch {
    return [];
  }
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

const SANDBOX_PREFIX = 'sandbox-object-';

/** The provider that comes with the server: its objects are files somewhere below the data folder. */
export function sandboxCloud(dataDir: string): Cloud {
  return {
    address: 'sluice/sandbox',
    type: 'sandbox_file',
    settings: {},
    config: (name, content) => ({ path: `${SANDBOX_PREFIX}${name}`, content }),
    dataSource: ({ id }) => ({ type: 'sandbox_file', config: { path: id } }),
    objects: () =>
      readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
        .filter((path) => basename(path).startsWith(SANDBOX_PREFIX))
        .map((path) => ({
          id: basename(path),
          name: basename(path).slice(SANDBOX_PREFIX.length),
          content: readFileSync(join(dataDir, path), 'utf8'),
        })),
  };
}
