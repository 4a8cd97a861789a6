// `npm run dev`: keeps a server running and follows what is saved. The generator stays warm in this process, so that a
// change of the SDL costs a fraction of a second. A change of tools alone is told to the running server, which tells
// the clients that listen; any other change restarts it.
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, watch, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { staleFiles } from '../codegen.ts';
import { CodegenRefused } from '../src/codegen/index.ts';

const root = resolve(import.meta.dirname, '..');
const SETTLE_MS = 40; // editors save in several steps
const NOTICE_MS = 3_000; // after a restart clients need a moment to listen again
// The server reads these anew when it is told; everything else that is generated it imports.
const toldFiles = new Set(['generated/mcp.json', 'generated/validators.js']);

await regenerate();
let server = startServer();
let saved = new Set<string>();
let timer: NodeJS.Timeout | undefined;
let working = Promise.resolve();

for (const folder of ['schema', 'policies', 'src']) watchFolder(folder);
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void stopServer().then(() => process.exit(0)));

/**
 * Watches a folder and those below it, each by itself: Node's own recursive watch follows files, and loses one that an
 * editor saves by putting another in its place.
 */
function watchFolder(folder: string): void {
  const known = new Set<string>();
  const watchBelow = (): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (!entry.isDirectory() || known.has(entry.name)) continue;
      known.add(entry.name);
      watchFolder(join(folder, entry.name));
    }
  };
  watchBelow();
  const watcher = watch(join(root, folder), (event, name) => {
    if (!existsSync(join(root, folder))) return watcher.close();
    if (event === 'rename') watchBelow();
    if (name !== null) noteSave(join(folder, name));
  });
}

function noteSave(path: string): void {
  if (!/\.(graphql|yaml|json|rego|ts)$/.test(path) || /\.(test|real|security|faults)\.ts$/.test(path)) return;
  saved.add(path);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const paths = [...saved];
    saved = new Set();
    working = working.then(() => follow(paths)).catch((error: unknown) => console.error(error));
  }, SETTLE_MS);
}

async function follow(paths: readonly string[]): Promise<void> {
  const within = (folder: string): boolean => paths.some((path) => path.startsWith(`${folder}/`));
  if (within('src/codegen')) return console.log('dev: the generator itself changed; start `npm run dev` again');
  const written = within('schema') ? await regenerate() : [];
  if (within('policies')) await buildPolicies();
  const restarts = within('src') || within('policies') || written.some((path) => isImported(path));
  if (restarts) await restartServer();
  if (written.some((path) => toldFiles.has(path))) tellTools(restarts ? NOTICE_MS : 0);
}

function isImported(path: string): boolean {
  return path.startsWith('generated/') && !toldFiles.has(path) && !path.endsWith('.d.ts');
}

/** Writes what the sources now say; answers with the paths that changed. Wrong sources change nothing. */
async function regenerate(): Promise<string[]> {
  const startedAt = performance.now();
  try {
    const stale = await staleFiles(root);
    for (const { path, content } of stale) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const paths = stale.map(({ path }) => path);
    console.log(
      `dev: generated in ${Math.round(performance.now() - startedAt)} ms: ${paths.join(', ') || 'nothing changed'}`,
    );
    return paths;
  } catch (error) {
    console.error(error instanceof CodegenRefused ? error.message : error);
    return [];
  }
}

function buildPolicies(): Promise<unknown> {
  const child = spawn(process.execPath, [join(root, 'scripts/build-policies.ts')], { stdio: 'inherit' });
  return new Promise((done) => child.on('close', done));
}

function startServer(): ChildProcess {
  const child = fork(join(root, 'src/main.ts'), ['serve'], {
    execArgv: existsSync(join(root, '.env')) ? ['--env-file=.env'] : [],
    cwd: root,
  });
  child.on('exit', (code) => {
    if (child === server && code !== null && code !== 0)
      console.log(`dev: the server ended (${code}); waiting for a change`);
  });
  return child;
}

async function stopServer(): Promise<void> {
  const child = server;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGTERM');
  await ended;
}

async function restartServer(): Promise<void> {
  await stopServer();
  server = startServer();
}

function tellTools(afterMs: number): void {
  setTimeout(() => {
    if (server.connected) server.send('tools-changed');
  }, afterMs);
}
