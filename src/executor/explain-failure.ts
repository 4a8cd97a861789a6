import { AppError } from '../shared/errors.ts';
import { type ProviderBinary, ProviderCallError } from '../providers/index.ts';
import { fence, nameProvider, providerFailed } from './provider-failure.ts';
import type { ProviderProcess } from './provider-process.ts';

// A broken connection is noticed before the end of the process that broke it.
const deathNoticeMs: Readonly<Record<ProviderCallError['reason'], number>> = {
  GONE: 2_000,
  BROKEN: 300,
  CANCELED: 300, // we cancel no call ourselves
  TIMEOUT: 0,
  TOO_LARGE: 0,
  UNSUPPORTED: 0,
};

interface ExplainedFailure {
  readonly error: unknown;
  /** The process answered in good order and may serve on. */
  readonly keeps: boolean;
}

/** Why a call got no answer, in words for the user. */
export async function explainFailure(
  process: ProviderProcess,
  call: string,
  error: unknown,
  acts: boolean,
): Promise<ExplainedFailure> {
  if (!(error instanceof ProviderCallError)) return { error, keeps: false };
  const { binary } = process;
  if (error.reason === 'UNSUPPORTED') return { error: unsupported(binary, call), keeps: true };
  const death = await process.obituary(deathNoticeMs[error.reason]);
  const happened =
    death === undefined ? `failed during ${call}: ${error.message}${saying(error)}` : `${death.how} during ${call}`;
  return {
    error: providerFailed(binary, happened, { mayHaveActed: acts, lastWords: death?.lastWords, cause: error }),
    keeps: false,
  };
}

function unsupported(binary: ProviderBinary, call: string): AppError {
  return new AppError('PROVIDER_REFUSED', `${nameProvider(binary)} does not offer ${call}`, {
    details: { provider: binary.address, version: binary.version, mayHaveActed: false },
  });
}

function saying(error: ProviderCallError): string {
  return error.words === undefined ? '' : `: ${fence(error.words)}`;
}
