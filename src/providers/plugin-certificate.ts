import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A fresh key with a certificate that signs itself, for one process on one machine. */
export interface PluginCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificateDer: Uint8Array;
}

// Object identifiers as DER bytes.
const ECDSA_WITH_SHA256 = hex('06082a8648ce3d040302');
const COMMON_NAME = hex('0603550403');
const BASIC_CONSTRAINTS = hex('0603551d13');
const SUBJECT_ALT_NAME = hex('0603551d11');

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;

const BACKDATED_MS = 3_600_000; // the other side's clock may be a little behind
const VALID_MS = 365 * 24 * 3_600_000; // longer than any plugin process lives

/**
 * What each side of a plugin connection shows the other: P-256, for `localhost`, pinned by the other side and never
 * stored. Written out by hand because certificate libraries cost more time to load than this takes to run.
 * Source: RFC 5280, section 4.1.
 */
export function createPluginCertificate(now = new Date()): PluginCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from('localhost')))));
  const body = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, Buffer.of(2))), // version 3
    der(INTEGER, Buffer.concat([Buffer.of(1), randomBytes(15)])), // positive, never zero
    der(SEQUENCE, ECDSA_WITH_SHA256),
    name, // issuer
    der(SEQUENCE, utcTime(now.getTime() - BACKDATED_MS), utcTime(now.getTime() + VALID_MS)),
    name, // subject
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(SEQUENCE, extension(BASIC_CONSTRAINTS, der(SEQUENCE, hex('0101ff'))), localhostName())),
  );
  const signature = sign('sha256', body, privateKey);
  const certificate = der(SEQUENCE, body, der(SEQUENCE, ECDSA_WITH_SHA256), der(BIT_STRING, Buffer.of(0), signature));
  return {
    certificateDer: certificate,
    certificatePem: pem(certificate),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function localhostName(): Buffer {
  return extension(SUBJECT_ALT_NAME, der(SEQUENCE, der(0x82, Buffer.from('localhost'))));
}

function extension(id: Buffer, value: Buffer): Buffer {
  return der(SEQUENCE, id, der(OCTET_STRING, value));
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14);
  return der(UTC_TIME, Buffer.from(`${digits}Z`));
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), derLength(content.length), content]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  return length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
}

/** Certificate bytes as text. */
export function pem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}
