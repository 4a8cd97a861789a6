import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const program = resolve(import.meta.dirname, '../cli/main.ts');

const compileCache = resolve(import.meta.dirname, '../../node_modules/.cache/sluice/compile');

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** Typed, or piped in. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Told what the command says to a person, as it comes. */
  readonly hear?: (said: string) => void;
}

/** The command line as people run it: a process, with a home of its own. */
export interface Cli {
  readonly home: string;
  readonly profilesFile: string;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
  remove(): void;
}

export function aCli(): Cli {
  const home = mkdtempSync(join(tmpdir(), 'sluice-home-'));
  return {
    home,
    profilesFile: join(home, '.config/sluice/profiles.json'),
    remove: () => rmSync(home, { recursive: true, force: true }),
    async run(args, { input = '', environment = {}, hear } = {}) {
      const names = ['PATH', 'NODE_OPTIONS', 'NODE_V8_COVERAGE'];
      const inherited = Object.fromEntries(names.map((name) => [name, process.env[name]]));
      const child = spawn(process.execPath, [program, ...args], {
        cwd: home,
        env: { ...inherited, HOME: home, BROWSER: 'true', NODE_COMPILE_CACHE: compileCache, ...environment },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
        hear?.(err);
      });
      child.stdin.end(input);
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, out, err };
    },
  };
}
