/** Whether a request is addressed to this server; its Host header says under which name. */
export type HostCheck = (host: string | undefined) => boolean;

/**
 * A page in a browser can point a name of its own at this computer and so reach the server; its requests carry that
 * name. Only the host of the public URL, the allowed ones and, for a server that listens on this computer, the
 * loopback names with the same port pass.
 *
 * @param publicUrl scheme, host and port
 * @param allowedHosts further `host:port` values
 */
export function createHostCheck(publicUrl: string, allowedHosts: readonly string[]): HostCheck {
  const url = new URL(publicUrl);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const names = isLoopback(url.hostname) ? [url.hostname, ...LOOPBACK] : [url.hostname];
  const own = names.flatMap((name) => (url.port === '' ? [name, `${name}:${port}`] : [`${name}:${port}`]));
  const hosts = new Set([...own, ...allowedHosts].map((host) => host.toLowerCase()));
  return (host) => host !== undefined && (hosts.has(host) || hosts.has(host.toLowerCase()));
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

function isLoopback(name: string): boolean {
  return LOOPBACK.includes(name);
}
