import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compileCache } from '../compile-cache.ts';
import { isInside, mountLine, readMounted } from './mounts.ts';
import type { Namespace } from './namespace-command.ts';
import { exists, INNER_ROOT, makePlace, readOnly } from './world.ts';

const TEMPORARY = '/tmp';
const ONTO = `/${INNER_ROOT}`;
const PROC = ['nosuid', 'nodev', 'noexec'];

// They hold switches of the whole machine, which its administrator's own number may turn, with or without special rights.
const SWITCHES = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs', 'acpi', 'scsi'];

export interface ProviderPlace {
  /** The provider's own folder: it gets this one and no other of those beside it. */
  readonly folder: string;
  /** What its project gives it, if anything. */
  readonly files?: string;
  /** Where the folders of all providers are. */
  readonly socketDir: string;
  readonly workDir: string;
  /** Whether it is part of this program, and so may write down what was compiled of it. */
  readonly builtIn: boolean;
}

/**
 * Lays out what one provider can see, inside of the executor's world: the same, but no process, temporary file or private
 * folder of another provider.
 */
export function makeProviderWorld(place: ProviderPlace, mounted = readMounted()): Namespace {
  const { folder, files, socketDir, workDir, builtIn } = place;
  const own = [folder, ...(files !== undefined && files !== folder && exists(files) ? [files] : [])];
  const temporary = outermostIn(
    TEMPORARY,
    mounted.map(({ point }) => point),
  );
  const bones = join(folder, 'world');
  mkdirSync(bones, { mode: 0o700 });
  for (const path of [TEMPORARY, ...own, ...temporary]) makePlace(bones, path);
  const bind = (source: string, path: string, options: readonly string[] = ['rbind']) =>
    mountLine(source, join(ONTO, path), 'none', options);
  const lines = [
    bind('/', '/'),
    mountLine('proc', join(ONTO, 'proc'), 'proc', PROC),
    ...switches().map((path) => bind(join(ONTO, path), path, ['bind', 'ro', ...PROC])),
    bind(join(bones, TEMPORARY), TEMPORARY),
    ...temporary.map((path) => bind(path, path)),
    ...(builtIn || !exists(compileCache) ? [] : [bind(compileCache, compileCache, readOnly(compileCache, mounted))]),
    bind(join(bones, socketDir), socketDir, readOnly(socketDir, mounted)),
    ...own.map((path) => bind(path, path)),
  ];
  const mounts = join(folder, 'mounts');
  writeFileSync(mounts, lines.join(''), { mode: 0o600 });
  return { mounts, root: ONTO, cwd: workDir, mayNest: false };
}

function switches(): string[] {
  const paths = SWITCHES.map((name) => `/proc/${name}`);
  return paths.filter(exists);
}

function outermostIn(folder: string, points: readonly string[]): string[] {
  const within = points.filter((point) => point !== folder && isInside(point, folder));
  return [...new Set(within)].filter((point) => !within.some((other) => other !== point && isInside(point, other)));
}
