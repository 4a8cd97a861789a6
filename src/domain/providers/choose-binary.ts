import { type BinaryKey, findBinaries } from '../../storage/provider-schemas.ts';
import { type OnProgress, parseWish, type ProviderBinary } from '../../providers/index.ts';
import { type Caller, mayAnywhere } from '../../shared/caller.ts';
import { AppError } from '../../shared/errors.ts';
import type { DomainContext, Report, Request } from '../context.ts';

/** A provider program, installed or only known by its stored schema. */
export interface ChosenBinary extends BinaryKey {
  /** Absent where the caller may only read what is stored. */
  readonly binary: ProviderBinary | undefined;
}

/** Chooses and installs the program that serves a provider at a version or constraint; the newest without one. */
export async function chooseBinary(
  context: DomainContext,
  { report }: Request,
  address: string,
  version: string | undefined,
): Promise<ProviderBinary> {
  return context.providers.resolve(address, version, report === undefined ? undefined : downloadReport(report));
}

const MEGABYTE = 1_000_000;

/** Tells of a download ten times, or every ten megabytes where nobody knows how many there will be. */
function downloadReport(report: Report): OnProgress {
  let told = -1;
  return ({ address, version, receivedBytes, totalBytes }) => {
    const part = Math.floor((receivedBytes / (totalBytes ?? 100 * MEGABYTE)) * 10);
    if (part <= told) return;
    told = part;
    const of = totalBytes === undefined ? '' : ` of ${(totalBytes / MEGABYTE).toFixed(1)}`;
    report(`downloading ${address} ${version}: ${(receivedBytes / MEGABYTE).toFixed(1)}${of} MB`);
  };
}

/**
 * The program whose schema a caller may read. Installing one means unpacking and starting foreign code, so a caller
 * without the right to do that gets what is stored already.
 *
 * @throws INSUFFICIENT_SCOPE or FORBIDDEN when nothing is stored and the caller may not install
 */
export async function chosenBinary(
  context: DomainContext,
  request: Request,
  address: string,
  version: string | undefined,
): Promise<ChosenBinary> {
  const refusal = installRefusal(request.caller, address);
  if (refusal === undefined) {
    const binary = await chooseBinary(context, request, address, version);
    return { address: binary.address, version: binary.version, sha256: binary.sha256, binary };
  }
  const stored = await storedBinary(context, address, version);
  if (stored === undefined) throw refusal;
  return { ...stored, binary: undefined };
}

async function storedBinary(
  context: DomainContext,
  address: string,
  version: string | undefined,
): Promise<BinaryKey | undefined> {
  const wish = parseWish(version);
  const rows = await context.storage.read((db) => findBinaries(db, address));
  const row = rows.find((each) => wish.text === '' || wish.allows(each.version));
  return row && { address: row.address, version: row.version, sha256: row.sha256 };
}

function installRefusal(caller: Caller, address: string): AppError | undefined {
  const message = `unauthorized: the schema of ${address} is not stored yet, and reading it means starting the provider`;
  if (!caller.scopes.has('mcp:write')) {
    return new AppError('INSUFFICIENT_SCOPE', `${message}; that needs the scope mcp:write`, {
      details: { scope: 'mcp:write' },
    });
  }
  if (!mayAnywhere(caller, 'INTENT_PROVIDER_INSTALL')) {
    return new AppError('FORBIDDEN', `${message}; that needs the action INTENT_PROVIDER_INSTALL`, {
      details: { action: 'INTENT_PROVIDER_INSTALL' },
    });
  }
  return undefined;
}
