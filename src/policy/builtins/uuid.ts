import { type Builtin, textOf, toRegoInteger } from './builtin.ts';
import { RegoObject, type RegoValue } from './rego-value.ts';

// 36 characters, also with urn:uuid: or in braces; or 32 digits.
const UUID =
  /^(?:(?:urn:uuid:)?([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})|([0-9a-f]{32}))$/i;
const GREGORIAN_TO_UNIX = 0x01b21dd213814000n; // 100 ns steps from 1582-10-15 to 1970-01-01
const DOMAINS = ['Person', 'Group', 'Org'];

function variantOf(byte: number): string {
  if ((byte & 0xc0) === 0x80) return 'RFC4122';
  if ((byte & 0xe0) === 0xc0) return 'Microsoft';
  return (byte & 0xe0) === 0xe0 ? 'Future' : 'Reserved';
}

function addressKind(byte: number): string {
  return `${(byte & 2) === 0 ? 'global' : 'local'}:${(byte & 1) === 0 ? 'unicast' : 'multicast'}`;
}

/** Versions 1 and 2 carry a time and a network address. */
function timeFields(bytes: Buffer): Record<string, RegoValue> {
  const steps =
    (BigInt(bytes.readUInt16BE(6) & 0x0fff) << 48n) |
    (BigInt(bytes.readUInt16BE(4)) << 32n) |
    BigInt(bytes.readUInt32BE(0));
  const node = bytes.subarray(10).toString('hex').match(/../g) ?? [];
  return {
    // Times beyond 64 bits of nanoseconds wrap around, as in OPA.
    time: toRegoInteger(BigInt.asIntN(64, (steps - GREGORIAN_TO_UNIX) * 100n)),
    nodeid: node.join('-'),
    macvariables: addressKind(bytes.readUInt8(10)),
    clocksequence: bytes.readUInt16BE(8) & 0x3fff,
  };
}

const parse: Builtin = (text) => {
  const match = UUID.exec(textOf(text).replace(/^\{(.{36})\}$/, '$1'));
  if (match === null) return undefined;
  const bytes = Buffer.from(match.slice(1).join(''), 'hex');
  const version = bytes.readUInt8(6) >> 4;
  const fields: Record<string, RegoValue> = { version, variant: variantOf(bytes.readUInt8(8)) };
  if (version === 1 || version === 2) Object.assign(fields, timeFields(bytes));
  if (version === 2) {
    const domain = bytes.readUInt8(9);
    Object.assign(fields, { id: bytes.readUInt32BE(0), domain: DOMAINS[domain] ?? `Domain${domain}` });
  }
  return RegoObject.of(fields);
};

export const uuidBuiltins = { 'uuid.parse': parse } satisfies Record<string, Builtin>;
