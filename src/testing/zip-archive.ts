import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of an archive for tests, sound or hostile: whatever is given is written as it is. */
export interface ZipEntry {
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** Unix mode with the file type, such as 0o100755 or 0o120777 for a link. */
  readonly mode?: number;
  /** What the archive claims the unpacked size is. */
  readonly claimedSize?: number;
  /** General purpose flags; 1 marks the entry as encrypted. */
  readonly flags?: number;
}

/** A zip archive. Source: PKWARE's application note, sections 4.3.7, 4.3.12 and 4.3.16. */
export function zipArchive(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const local = localEntry(entry);
    directory.push(directoryEntry(entry, offset));
    locals.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, central, end]);
}

function contentOf(entry: ZipEntry): Buffer {
  return Buffer.from(entry.content ?? '');
}

function localEntry(entry: ZipEntry): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  writeCommon(header, entry, 6);
  return Buffer.concat([header, Buffer.from(entry.name), deflateRawSync(contentOf(entry))]);
}

function directoryEntry(entry: ZipEntry, offset: number): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE((3 << 8) | 20, 4); // made on Unix
  header.writeUInt16LE(20, 6);
  writeCommon(header, entry, 8);
  header.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, Buffer.from(entry.name)]);
}

/** The fields that both headers share, from the flags on. */
function writeCommon(header: Buffer, entry: ZipEntry, at: number): void {
  const content = contentOf(entry);
  header.writeUInt16LE(0x800 | (entry.flags ?? 0), at); // names are UTF-8
  header.writeUInt16LE(8, at + 2); // deflated
  header.writeUInt32LE(crc32(content), at + 8);
  header.writeUInt32LE(deflateRawSync(content).length, at + 12);
  header.writeUInt32LE(entry.claimedSize ?? content.length, at + 16);
  header.writeUInt16LE(Buffer.byteLength(entry.name), at + 20);
}
