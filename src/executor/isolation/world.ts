import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { isInside, mountLine, mountOf, type Mounted } from './mounts.ts';
import { OLD_ROOT } from './namespace-command.ts';

/** What is to be seen of a place. Of two that lie in one another the inner one decides for what is in it. */
export interface Shown {
  readonly path: string;
  readonly how: 'readable' | 'writable' | 'hidden' | 'device' | 'memory';
  /** Of what lies in memory; who makes the world when absent. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** A folder in every world, for the root of a world inside it. */
export const INNER_ROOT = '.inner';

// Programs and libraries, and what they need to find their way in the network. No home folder, nothing of other services.
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];
// Of certificates only those of authorities: private keys lie beside them, and root could read them.
const ETC =
  'ssl/certs ssl/cert.pem ssl/openssl.cnf pki/tls/certs pki/tls/cert.pem pki/tls/openssl.cnf pki/ca-trust ca-certificates ' +
  'crypto-policies alternatives ld.so.cache ld.so.conf ld.so.conf.d resolv.conf hosts host.conf nsswitch.conf gai.conf ' +
  'services protocols hostname passwd group localtime timezone os-release mime.types';
// For the files that projects give their providers, of 2 MiB at most each. It takes no more than is in it.
const MEMORY = ['mode=0700', 'size=512m'];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom'];

/** What every provider sees of a machine. */
export function systemShown(): Shown[] {
  const readable = [...SYSTEM, ...ETC.split(' ').map((name) => `/etc/${name}`)].filter(exists);
  const devices = DEVICES.map((name) => `/dev/${name}`).filter(exists);
  return [
    ...readable.map((path) => ({ path, how: 'readable' }) as const),
    ...devices.map((path) => ({ path, how: 'device' }) as const),
  ];
}

/**
 * Lays out an empty folder as the root of a world: a place for each thing that is shown, and nothing else.
 *
 * @param root an empty folder; what is hidden shows what is in it
 * @param onto where the world is put together; an empty folder beside it
 * @returns the mounts that make the world, as text of fstab
 */
export function layWorld(root: string, onto: string, shown: readonly Shown[], mounted: readonly Mounted[]): string {
  for (const name of ['proc', 'tmp', OLD_ROOT, INNER_ROOT]) makeFolder(join(root, name));
  const links = shown.filter(({ path }) => isTopLink(path));
  for (const { path } of links) symlinkSync(readlinkSync(path), join(root, path));
  const places = withInnerMounts(needed(shown.filter((each) => !links.includes(each))), mounted);
  for (const { path } of places) makePlace(root, path);
  const lines = places.map((each) => lineFor(each, root, onto, mounted));
  const proc = mountLine('proc', join(onto, 'proc'), 'proc', ['nosuid', 'nodev', 'noexec']);
  return [lineOfRoot(root, onto, mounted), ...lines, proc].join('');
}

/** Makes what something can be mounted on: a file for a file. */
export function makePlace(root: string, path: string): void {
  const place = join(root, path);
  if (statSync(path).isDirectory()) return makeFolder(place);
  makeFolder(dirname(place));
  writeFileSync(place, '');
}

// Open to all, whatever this process's umask is: another user may have to pass.
function makeFolder(path: string): void {
  if (exists(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
  chmodSync(path, 0o755);
}

// Outer ones first. What is inside of something that is shown alike needs no mount of its own.
function needed(shown: readonly Shown[]): Shown[] {
  const kept: Shown[] = [];
  for (const each of shown.toSorted((a, b) => depthOf(a.path) - depthOf(b.path) || rank(a) - rank(b))) {
    if (kept.findLast(({ path }) => isInside(each.path, path))?.how !== each.how) kept.push(each);
  }
  return kept;
}

// Of two wishes for the same place the later one is mounted on top: hidden is hidden.
function rank({ how }: Shown): number {
  return ['device', 'readable', 'writable', 'memory', 'hidden'].indexOf(how);
}

const depthOf = (path: string): number => (path === '/' ? 0 : path.split('/').length);

/** Making a mount read-only does not do so with what is mounted inside of it. */
function withInnerMounts(shown: readonly Shown[], mounted: readonly Mounted[]): Shown[] {
  const inner = shown
    .filter(({ how }) => how === 'readable')
    .flatMap(({ path }): Shown[] => {
      const real = realpathSync(path);
      const within = mounted.filter(({ point }) => point !== real && isInside(point, real));
      return within.map(({ point }) => ({ path: join(path, point.slice(real.length)), how: 'readable' }));
    });
  return needed([...shown, ...inner.filter(({ path }) => exists(path))]);
}

function lineFor({ path, how, owner }: Shown, root: string, onto: string, mounted: readonly Mounted[]): string {
  const target = join(onto, path);
  if (how === 'memory')
    return mountLine('tmpfs', target, 'tmpfs', ['nosuid', 'nodev', ...MEMORY, ...ownerOptions(owner)]);
  if (how === 'device' || how === 'writable') return mountLine(path, target, 'none', ['rbind']);
  return mountLine(how === 'hidden' ? join(root, path) : path, target, 'none', readOnly(path, mounted));
}

const ownerOptions = (owner: Shown['owner']): string[] =>
  owner === undefined ? [] : [`uid=${owner.uid}`, `gid=${owner.gid}`];

function lineOfRoot(root: string, onto: string, mounted: readonly Mounted[]): string {
  return mountLine(root, onto, 'none', readOnly(root, mounted));
}

/** Options of a read-only mount: an ordinary user may add to the restrictions of a place, and must name those it has. */
export function readOnly(path: string, mounted: readonly Mounted[]): string[] {
  const found = mountOf(realpathSync(path), mounted);
  return ['rbind', 'ro', 'nosuid', 'nodev', ...(found?.options.has('noexec') === true ? ['noexec'] : [])];
}

function isTopLink(path: string): boolean {
  return SYSTEM.includes(path) && lstatSync(path).isSymbolicLink();
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
