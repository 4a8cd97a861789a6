import { existsSync } from 'node:fs';

const FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

// All of util-linux; `sh` is there wherever they are.
const TOOLS = ['unshare', 'setpriv', 'mount', 'umount', 'pivot_root'];

/** A folder in every world: it holds the root of before until that is taken away. */
export const OLD_ROOT = '.old';

/** A program's place: which mounts make its world, and with which rights it runs there. */
export interface Namespace {
  /** File in the format of fstab: all the mounts, in order. */
  readonly mounts: string;
  /** The folder that becomes `/`. */
  readonly root: string;
  /** Where the program starts, as it is called inside. */
  readonly cwd: string;
  /** Whether it may make namespaces of its own, inside this one. */
  readonly mayNest: boolean;
  /** Another user to run as. Without one it is made by, and for, an ordinary user. */
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
}

/**
 * The fixed steps from the bare namespaces to the program. The shell stays as the first process, which the kernel keeps
 * from dying by most signals, so that the program is none: it can crash as ever. What it leaves behind ends with the shell.
 *
 * It keeps to itself what it thinks of the program's end. Its variables have names that no project can give to one.
 *
 * The rights in the namespace are given up before the program starts. A user namespace in which 0 is a user can be made
 * only by who has setfcap, so that one right stays with whoever shall make another one.
 */
const STEPS = `
set -e
PATH=${FOLDERS.join(':')}
sluice_mounts=$1 sluice_root=$2 sluice_cwd=$3 sluice_nest=$4 sluice_user=$5 sluice_group=$6 sluice_keep=
shift 6
if [ "$sluice_nest" = yes ]; then sluice_keep=,+setfcap; else echo 0 > /proc/sys/user/max_user_namespaces; fi
mount --all --fstab "$sluice_mounts"
cd "$sluice_root"
pivot_root . ${OLD_ROOT}
umount --lazy /${OLD_ROOT}
cd "$sluice_cwd"
unset PWD OLDPWD
set -- --no-new-privs --inh-caps=-all --bounding-set=-all$sluice_keep -- "$@"
if [ -n "$sluice_user" ]; then set -- --reuid="$sluice_user" --regid="$sluice_group" --clear-groups "$@"; fi
exec 9>&2 2>/dev/null
(exec setpriv "$@" 2>&9 9>&-) || exit $?
exit 0
`;

/** The command that runs another one in namespaces of its own: mounts, processes, users, shared memory, host name. */
export function inNamespace(command: readonly string[], place: Namespace): string[] {
  const { mounts, root, cwd, mayNest, runAs } = place;
  const users = runAs === undefined ? ['--user', '--map-root-user'] : [];
  const unshare = [findProgram('unshare') ?? 'unshare', ...users, '--mount', '--pid', '--ipc', '--uts', '--fork'];
  const shell = ['--kill-child=KILL', '--', '/bin/sh', '-c', STEPS, 'sh'];
  const settings = [mounts, root, cwd, mayNest ? 'yes' : 'no', String(runAs?.uid ?? ''), String(runAs?.gid ?? '')];
  return [...unshare, ...shell, ...settings, ...command];
}

/** Those of the needed programs that this machine lacks. */
export function missingTools(): string[] {
  return TOOLS.filter((name) => findProgram(name) === undefined);
}

function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => `${folder}/${name}`).find((path) => existsSync(path));
}
