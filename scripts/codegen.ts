// `npm run codegen`: writes what differs. `--check`: writes nothing, lists what differs, exits 1.
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { type GeneratedFile, isCurrent, staleFiles } from '../codegen.ts';
import { settingsDocument } from '../src/config.ts';
import { clientsDocument } from '../src/cli/index.ts';
import { CodegenRefused } from '../src/codegen/index.ts';

const root = resolve(import.meta.dirname, '..');

function write(file: GeneratedFile): void {
  const path = join(root, file.path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.content);
}

/** Policies are compiled by a script of their own: they come from Rego, not from the SDL. */
function buildPolicies(args: readonly string[]): Promise<number> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [join(root, 'scripts/build-policies.ts'), ...args], { stdio: 'inherit' });
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Pages that are made from code and not from the SDL. */
const pages: readonly GeneratedFile[] = [
  { path: 'docs/settings.md', content: settingsDocument() },
  { path: 'docs/clients.md', content: clientsDocument() },
];

async function run(check: boolean): Promise<number> {
  const stale = [...(await staleFiles(root)), ...pages.filter((page) => !isCurrent(root, page))];
  if (!check) stale.forEach(write);
  for (const file of stale) console.log(check ? `out of date: ${file.path}` : `wrote ${file.path}`);
  if (check && stale.length > 0) console.log('run `npm run codegen` and commit what it writes');
  return check && stale.length > 0 ? 1 : 0;
}

try {
  const check = process.argv.includes('--check');
  const codes = await Promise.all([run(check), buildPolicies(check ? ['--check'] : [])]);
  process.exitCode = Math.max(...codes);
} catch (error) {
  if (!(error instanceof CodegenRefused)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
