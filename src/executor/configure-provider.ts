import { AppError } from '../shared/errors.ts';
import { errorsOf, type Problem } from '../shared/problems.ts';
import type { ProviderSession } from './executor.ts';
import { explainFailure } from './explain-failure.ts';
import { listErrors, nameProvider } from './provider-failure.ts';
import { type ProcessSettings, type ProviderProcess, startProvider } from './provider-process.ts';

// Whoever meets this error works in a project, and there is where both are set.
const ADVICE =
  'A project gives a provider its arguments with intentProviderConfigSet, its variables and files with intentProjectConfigAdd';

/** Makes a fresh process ready for calls. @throws AppError PROVIDER_REFUSED when it does not like its configuration */
export async function configureProvider(
  process: ProviderProcess,
  session: ProviderSession,
  timeoutMs: number,
): Promise<void> {
  const { connection, binary } = process;
  try {
    if (session.schemaOptional !== true) await connection.primeSchema({ timeoutMs });
    const { problems } = await connection.configure({ config: session.configuration }, { timeoutMs });
    const errors = errorsOf(problems);
    if (errors.length === 0) return;
    throw new AppError(
      'PROVIDER_REFUSED',
      `${nameProvider(binary)} refused its configuration: ${listErrors(errors)}. ${adviceFor(session)}`,
      {
        details: { provider: binary.address, version: binary.version, problems: errors, mayHaveActed: false },
      },
    );
  } catch (error) {
    const failure = await explainFailure(process, 'configure', error, false);
    await process.kill();
    throw failure.error;
  }
}

/** One sentence, and another one for what is missing in this session. */
function adviceFor({ advice }: ProviderSession): string {
  return advice === undefined ? ADVICE : `${ADVICE}. ${advice}`;
}

/** Asks a provider, in a process that serves nothing else, what it thinks of a configuration. */
export async function validateConfiguration(
  session: ProviderSession,
  settings: ProcessSettings,
  timeoutMs: number,
): Promise<{ problems: Problem[] }> {
  const process = await startProvider(session, settings);
  try {
    if (session.schemaOptional !== true) await process.connection.primeSchema({ timeoutMs });
    return await process.connection.validateProvider({ config: session.configuration }, { timeoutMs });
  } catch (error) {
    throw (await explainFailure(process, 'validating its configuration', error, false)).error;
  } finally {
    await process.stop();
  }
}
