import type { EvaluatedPolicy } from '../../policy/index.ts';
import { AppError, badInput } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import type { DomainContext, Request } from '../context.ts';

const MAX_INPUT_LENGTH = 1_000_000; // characters; the largest real inputs are plans of some hundred kB

export interface Simulation {
  readonly body: string;
  /** JSON text. */
  readonly input: string;
  readonly type: string;
  readonly engineType?: 'REGO_V0' | 'REGO_V1' | null | undefined;
}

/** Evaluates a body against an input and saves nothing. @returns the value of the package as JSON text */
export async function simulatePolicy(
  context: DomainContext,
  _request: Request,
  simulation: Simulation,
): Promise<string> {
  const input = parseInput(simulation.input);
  const engine = simulation.engineType ?? 'REGO_V1';
  const compiled = await context.policyCompiler.compile({ body: simulation.body, engine });
  return JSON.stringify(await evaluate(context, { ...compiled, type: simulation.type }, input));
}

/** What a policy does wrong while it is tried out is the author's to mend: it says nothing of the server. */
const AUTHORS_FAULTS: readonly unknown[] = ['TIMEOUT', 'MEMORY', 'TRAP', 'RESULT_TOO_LARGE', 'RESULT_MALFORMED'];

async function evaluate({ policyEngine }: DomainContext, compiled: EvaluatedPolicy, input: Json): Promise<Json> {
  try {
    return await policyEngine.evaluate(compiled, input);
  } catch (error) {
    if (!(error instanceof AppError) || !AUTHORS_FAULTS.includes(error.details['reason'])) throw error;
    throw badInput('body', `${error.message}. When it is asked to decide, that is a denial`, error.details);
  }
}

function parseInput(text: string): Json {
  if (text.length > MAX_INPUT_LENGTH) throw badInput('input', `must have at most ${MAX_INPUT_LENGTH} characters`);
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw badInput('input', `must be JSON text (${error instanceof Error ? error.message : 'it does not parse'})`);
  }
}
