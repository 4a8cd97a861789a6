// Runs `opa test` over each policy with its own test file: all policies share one package, so they cannot be loaded
// together. Without the optional tool it says so and passes, unless SLUICE_TEST_REQUIRE=all.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { findOpa } from '../src/policy/index.ts';

const folder = fileURLToPath(new URL('../policies/', import.meta.url));

function testPolicy(opaPath: string, name: string): boolean {
  const files = [`${name}.rego`, `${name}_test.rego`];
  if (!existsSync(`${folder}${files[1]}`)) {
    console.error(`${name}: has no ${files[1]}`);
    return false;
  }
  const { status, stdout, stderr } = spawnSync(opaPath, ['test', ...files], { cwd: folder, encoding: 'utf8' });
  const lastLine = stdout.trim().split('\n').at(-1) ?? '';
  if (status === 0 && lastLine.startsWith('PASS')) console.log(`${name}: ${lastLine}`);
  else console.error(`${name}:\n${stdout}${stderr}`);
  return status === 0 && lastLine.startsWith('PASS'); // `opa test` passes, and prints nothing, when it finds no test
}

function testPolicies(): number {
  const { SLUICE_OPA: setting, PATH: path, GOBIN: gobin, GOPATH: gopath } = process.env;
  const opaPath = findOpa({ setting, path, gobin, gopath });
  if (opaPath === undefined) {
    console.error('not run: needs opa');
    return process.env['SLUICE_TEST_REQUIRE'] === 'all' ? 1 : 0;
  }
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.rego') && !file.endsWith('_test.rego'))
    .map((file) => file.slice(0, -'.rego'.length));
  const failed = names.filter((name) => !testPolicy(opaPath, name));
  return failed.length > 0 || names.length === 0 ? 1 : 0;
}

process.exitCode = testPolicies();
