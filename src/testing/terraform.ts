import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';

/** The folder with the wrapper by which terraform starts the sandbox. */
export const sandboxFolder = fileURLToPath(new URL('../sandbox/', import.meta.url));

/** A folder with a configuration, and the terraform binary to run in it. */
export interface TerraformFolder {
  /** Writes a configuration; what it requires is put before it. */
  write(configuration: string): void;
  /** Writes a configuration that says itself what it requires. */
  writeWhole(configuration: string): void;
  /** @returns what terraform printed; throws with it when the exit code is not one of `expected` */
  run(args: readonly string[], expected?: readonly number[]): string;
  /** Exit code of a plan: 0 nothing to do, 2 changes. */
  planCode(): number;
  /** Attributes of a resource in the state; undefined when it is not there. */
  attributes(address: string): JsonObject | undefined;
  show(...args: string[]): Json;
}

/** What the terraform binary is run with: nothing of ours, and no question whether it is up to date. */
export function terraformEnvironment(home: string, cliConfig: string) {
  return { PATH: process.env['PATH'], HOME: home, TF_CLI_CONFIG_FILE: cliConfig, CHECKPOINT_DISABLE: '1' };
}

/**
 * Lays out a folder where providers come from `overrides` (address such as `sluice/sandbox` to the folder of its
 * executable), so that no init and no network is needed.
 */
export function terraformFolder(
  folder: string,
  overrides: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): TerraformFolder {
  mkdirSync(folder, { recursive: true });
  const lines = Object.entries(overrides).flatMap(([address, path]) =>
    ['registry.opentofu.org', 'registry.terraform.io'].map((host) => `    "${host}/${address}" = "${path}"\n`),
  );
  const cliConfig = join(folder, 'terraform.rc');
  writeFileSync(cliConfig, `provider_installation {\n  dev_overrides {\n${lines.join('')}  }\n  direct {}\n}\n`);
  const providers = Object.keys(overrides).map((address) => {
    const name = address.slice(address.indexOf('/') + 1);
    return `    ${name} = { source = "registry.opentofu.org/${address}" }\n`;
  });
  const header = `terraform {\n  required_providers {\n${providers.join('')}  }\n}\n`;
  const env = {
    ...process.env,
    ...environment,
    TF_CLI_CONFIG_FILE: cliConfig,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
  };
  const start = (args: readonly string[]) =>
    spawnSync('terraform', args, { cwd: folder, env, encoding: 'utf8', maxBuffer: 64 * 1024 ** 2, timeout: 60_000 });

  function run(args: readonly string[], expected: readonly number[] = [0]): string {
    const { status, stdout, stderr } = start(args);
    if (status === null || !expected.includes(status))
      throw new Error(`terraform ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
    return stdout + stderr;
  }
  function show(...args: string[]): Json {
    return parseJson(
      run(['show', '-json', ...args])
        .split('\n')
        .find((line) => line.startsWith('{')) ?? 'null',
    );
  }
  return {
    writeWhole: (configuration) => writeFileSync(join(folder, 'main.tf'), configuration),
    write: (configuration) => writeFileSync(join(folder, 'main.tf'), header + configuration),
    run,
    planCode: () => start(['plan', '-no-color', '-input=false', '-detailed-exitcode']).status ?? -1,
    attributes: (address) => attributesOf(show(), address),
    show,
  };
}

function parseJson(text: string): Json {
  const parsed: Json = JSON.parse(text) as Json; // JSON text is a Json value by definition
  return parsed;
}

function attributesOf(state: Json, address: string): JsonObject | undefined {
  const resources = at(at(at(state, 'values'), 'root_module'), 'resources');
  const list: readonly Json[] = Array.isArray(resources) ? resources : [];
  const values = at(list.find((each) => at(each, 'address') === address) ?? null, 'values');
  return isJsonObject(values) ? values : undefined;
}

function at(value: Json, name: string): Json {
  return isJsonObject(value) ? (value[name] ?? null) : null;
}
