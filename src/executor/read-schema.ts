import { AppError } from '../shared/errors.ts';
import { errorsOf } from '../shared/problems.ts';
import type { ProviderBinary, SchemaPart } from '../providers/index.ts';
import { explainFailure } from './explain-failure.ts';
import { listErrors, nameProvider } from './provider-failure.ts';
import { type ProcessSettings, startProvider } from './provider-process.ts';

const MAX_SCHEMA_BYTES = 256 * 1024 * 1024; // the largest providers send some tens of megabytes

interface SchemaRequest {
  readonly binary: ProviderBinary;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Reads a provider's schema in a process of the provider that serves nothing else. */
export async function readSchema(
  { binary, environment, timeoutMs }: SchemaRequest,
  settings: ProcessSettings,
  onPart: (part: SchemaPart) => Promise<void>,
): Promise<void> {
  const process = await startProvider({ binary, environment }, { ...settings, maxMessageBytes: MAX_SCHEMA_BYTES });
  try {
    const { problems } = await process.connection.readSchema(onPart, { timeoutMs });
    const errors = errorsOf(problems);
    if (errors.length > 0) {
      throw new AppError('PROVIDER_FAILED', `${nameProvider(binary)} gave no schema: ${listErrors(errors)}`, {
        details: { provider: binary.address, version: binary.version, mayHaveActed: false },
      });
    }
  } catch (error) {
    throw (await explainFailure(process, 'reading its schema', error, false)).error;
  } finally {
    await process.stop();
  }
}
