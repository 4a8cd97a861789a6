import type { ProtocolVersion } from './load-protocol.ts';

/** The line by which a plugin process says where it listens: `1|5|unix|/path/of/socket|grpc|certificate`. */
export interface Handshake {
  readonly protocol: ProtocolVersion;
  /** A gRPC target: `unix:/path` or `127.0.0.1:1234`. */
  readonly target: string;
  /** The socket file, to be removed when the process is gone. */
  readonly socketPath: string | undefined;
  readonly serverCertificate: Buffer;
}

/** What go-plugin wants to see in the environment before it serves; a fixed text, not a secret. */
export const MAGIC_COOKIE = {
  name: 'TF_PLUGIN_MAGIC_COOKIE',
  value: 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2',
} as const;

const CORE_VERSION = '1';

/** What is wrong with the line, for a message that names the provider. */
export class HandshakeError extends Error {}

/** @throws HandshakeError */
export function parseHandshake(line: string): Handshake {
  const [core, version, network, address, transport, certificate] = line.trim().split('|');
  if (address === undefined) throw new HandshakeError('it did not say where it listens; is this a Terraform provider?');
  if (core !== CORE_VERSION) throw new HandshakeError('it speaks another version of the plugin handshake');
  if (version !== '5' && version !== '6') throw new HandshakeError('it speaks neither version 5 nor 6 of the protocol');
  if (transport !== 'grpc') throw new HandshakeError('it does not speak gRPC');
  if (certificate === undefined || certificate === '') throw new HandshakeError('it offers no encrypted connection');
  return {
    protocol: version === '5' ? 5 : 6,
    ...parseAddress(network, address),
    serverCertificate: Buffer.from(certificate, 'base64'),
  };
}

function parseAddress(network: string | undefined, address: string): Pick<Handshake, 'target' | 'socketPath'> {
  if (network === 'unix' && address.startsWith('/')) return { target: `unix:${address}`, socketPath: address };
  if (network === 'tcp' && /^(127\.0\.0\.1|localhost|\[::1\]):\d+$/.test(address)) {
    return { target: address, socketPath: undefined };
  }
  throw new HandshakeError('it listens at an address that is not of this machine');
}
