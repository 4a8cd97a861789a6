// `npm run codegen`: writes what differs. `--check`: writes nothing, lists what differs, exits 1.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { generateFiles, type GeneratedFile } from '../codegen.ts';
import { CodegenRefused } from '../src/codegen/index.ts';

const root = resolve(import.meta.dirname, '..');

function isCurrent(file: GeneratedFile): boolean {
  try {
    return readFileSync(join(root, file.path), 'utf8') === file.content;
  } catch {
    return false; // absent
  }
}

function write(file: GeneratedFile): void {
  const path = join(root, file.path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.content);
}

async function run(check: boolean): Promise<number> {
  const stale = (await generateFiles(root)).filter((file) => !isCurrent(file));
  if (!check) stale.forEach(write);
  for (const file of stale) console.log(check ? `out of date: ${file.path}` : `wrote ${file.path}`);
  if (check && stale.length > 0) console.log('run `npm run codegen` and commit what it writes');
  return check && stale.length > 0 ? 1 : 0;
}

try {
  process.exitCode = await run(process.argv.includes('--check'));
} catch (error) {
  if (!(error instanceof CodegenRefused)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
