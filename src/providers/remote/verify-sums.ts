const MAX_KEYS = 20; // a publisher rolls keys over once in years

/**
 * Verifies the signature of a checksum file against the keys that the registry names for the provider: whoever runs
 * the registry vouches for the keys, as in Terraform. A key that has expired since it signed still counts.
 *
 * @param signature detached, binary
 * @param keys ASCII-armoured OpenPGP keys; one of them must have signed
 * @returns what is wrong, or nothing
 */
export async function verifySums(
  sums: Uint8Array,
  signature: Uint8Array,
  keys: readonly string[],
): Promise<string | undefined> {
  if (keys.length === 0) return 'the registry names no key that could have signed its checksums';
  if (keys.length > MAX_KEYS) return `the registry names more than ${MAX_KEYS} keys`;
  const openpgp = await import('openpgp'); // loaded for downloads only
  const known = await Promise.all(
    keys.map((armoredKey) => openpgp.readKey({ armoredKey }).catch(() => undefined)), // a key of an unknown kind fits nothing
  );
  const verificationKeys = known.filter((key) => key !== undefined);
  const read = await openpgp.readSignature({ binarySignature: signature }).catch(() => undefined);
  if (read === undefined) return 'the signature of its checksums is damaged';
  const message = await openpgp.createMessage({ binary: sums });
  const { signatures } = await openpgp.verify({ message, signature: read, verificationKeys, format: 'binary' });
  for (const { verified } of signatures) if (await verified.catch(() => false)) return undefined;
  const ids = signatures.map(({ keyID }) => keyID.toHex().toUpperCase()).join(', ');
  const isKnown = signatures.some(({ keyID }) => verificationKeys.some((key) => key.getKeys(keyID).length > 0));
  return isKnown
    ? `the signature of its checksums by key ${ids} does not fit them`
    : `its checksums are signed by key ${ids}, which the registry does not name for the provider`;
}

/** Reads `sha256sum`'s format: a file name to its SHA-256 in lower-case hex. Other lines are skipped. */
export function parseSums(content: Uint8Array): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of Buffer.from(content).toString('utf8').split('\n')) {
    const match = /^([0-9a-fA-F]{64}) [ *]([\w.+-]+)\r?$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined) sums.set(match[2], match[1].toLowerCase());
  }
  return sums;
}
