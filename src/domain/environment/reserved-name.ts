// Variables that choose which code a program loads or runs, where its own files lie, or how we talk to it. A project may
// tell its providers something (credentials, regions, proxies); these would let it become them.
const NAMES = new Set([
  'PATH',
  'ENV',
  'IFS',
  'SHELLOPTS',
  'HOME', // settings of many programs lie there, some of which name commands
  'TMPDIR',
  'GCONV_PATH', // the C library loads code for character sets and messages from where these say
  'LOCPATH',
  'NLSPATH',
  'HOSTALIASES', // how names of hosts are resolved
  'RES_OPTIONS',
  'LOCALDOMAIN',
  'JAVA_TOOL_OPTIONS',
  '_JAVA_OPTIONS',
  'GODEBUG',
  'GOTRACEBACK', // traces hold secrets
  'SSLKEYLOGFILE',
]);
const PREFIXES = [
  'LD_',
  'DYLD_',
  'GLIBC_',
  'MALLOC_',
  'OPENSSL_', // its configuration may name a library to load
  'SSL_', // whom to trust; files of authorities too
  'NODE_',
  'BASH_',
  'PERL',
  'PYTHON',
  'RUBY',
  'JDK_',
  'GIT_',
  'LIBMOUNT_', // what puts a provider's namespaces together runs with its variables
  'LIBBLKID_',
  'BLKID_',
  'PLUGIN_',
  'TF_CLI_',
  'TF_LOG', // traces hold secrets
  'TF_PLUGIN_',
  'TF_REATTACH_',
  'SLUICE_',
];

/** Whether a variable decides how programs run; however it is written, since some systems do not mind the case. */
export function isReservedName(name: string): boolean {
  const upper = name.toUpperCase();
  return NAMES.has(upper) || PREFIXES.some((prefix) => upper.startsWith(prefix));
}
