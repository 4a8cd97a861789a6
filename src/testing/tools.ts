import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type Tool = 'opa' | 'go' | 'terraform' | 'postgres' | 'chromium' | 'gpg' | 'python3';

const programs: Readonly<Record<Tool, string>> = {
  opa: 'opa',
  go: 'go',
  terraform: 'terraform',
  postgres: 'initdb',
  chromium: 'chromium',
  gpg: 'gpg',
  python3: 'python3',
};

/** Where a program lies: on PATH, or where `go install` puts it. */
export function findTool(tool: Tool): string | undefined {
  const goBin = process.env['GOBIN'] ?? join(process.env['GOPATH'] ?? join(homedir(), 'go'), 'bin');
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), goBin];
  return folders.map((folder) => join(folder, programs[tool])).find((path) => existsSync(path));
}

/** A `before` hook for suites that need Linux namespaces, as `requireTool` is for programs. */
export function requireNamespaces(): Mocha.Func {
  return function (this: Mocha.Context) {
    const trial = ['--user', '--map-root-user', '--mount', '--pid', '--fork', '--mount-proc', 'true'];
    if (spawnSync('unshare', trial, { stdio: 'ignore' }).status === 0) return;
    doWithout(this, 'namespaces');
  };
}

/**
 * A `before` hook for suites that need an outside tool: `before(requireTool('opa'))`. Without the tool the suite is
 * skipped and listed as not run; with SLUICE_TEST_REQUIRE=all that is a failure, so CI cannot pass by skipping.
 */
export function requireTool(tool: Tool): Mocha.Func {
  return function (this: Mocha.Context) {
    if (findTool(tool) === undefined) doWithout(this, tool);
  };
}

function doWithout(context: Mocha.Context, what: string): void {
  if (process.env['SLUICE_TEST_REQUIRE'] === 'all') throw new Error(`this suite needs ${what}, which is absent`);
  process.stderr.write(`not run: needs ${what}\n`);
  context.skip();
}
