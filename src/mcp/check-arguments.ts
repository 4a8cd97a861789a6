import { AppError, invariant } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json.ts';
import { suggest } from './suggest.ts';
import type { ArgumentChecks, ArgumentProblem, Tool, ToolKind } from './tool.ts';

const MAX_PROBLEMS = 5; // a caller that is wrong everywhere is helped by the first few

/** Which of a tool's operations the arguments ask for. */
export function chooseKind(tool: Tool, given: JsonObject): ToolKind {
  const single = tool.kinds[0];
  if (single !== undefined && single.kind === null) return single;
  const names = tool.kinds.flatMap(({ kind }) => (kind === null ? [] : [kind]));
  const wanted = given['kind'];
  const found = tool.kinds.find(({ kind }) => kind === wanted);
  if (found !== undefined) return found;
  const wrong =
    typeof wanted === 'string' ? `no such kind ${JSON.stringify(wanted)}${suggest(wanted, names)}` : 'say what to do';
  throw argumentError([`kind: ${wrong}; ${tool.name} knows ${names.join(', ')}`]);
}

/** Holds the arguments to the exact shape of the chosen kind; the published schema is wider. */
export function checkArguments(checks: ArgumentChecks, tool: Tool, kind: ToolKind, given: JsonObject): void {
  const check = checks[[tool.endpoint, tool.name, ...(kind.kind === null ? [] : [kind.kind])].join(' ')];
  invariant(check !== undefined, `${tool.name} has no argument check`);
  if (check(given)) return;
  const known = kind.variables.map(({ name }) => name);
  const problems = (check.errors ?? []).slice(0, MAX_PROBLEMS).map((problem) => explain(problem, known));
  throw argumentError([...problems, hintFor(tool, known)]);
}

/** The published schema of the fine-grained tools says all; that of the umbrella tools is wider than a kind. */
function hintFor({ endpoint, name }: Tool, known: readonly string[]): string {
  if (endpoint === 'MAIN') return `discover {kind: "tool", name: "${name}"} lists the arguments`;
  return known.length === 0 ? `${name} takes no arguments` : `${name} takes ${known.join(', ')}`;
}

function argumentError(lines: readonly string[]): AppError {
  return new AppError('BAD_INPUT', lines.join('; '), { details: { problems: lines } });
}

function explain(problem: ArgumentProblem, known: readonly string[]): string {
  const at = problem.instancePath.slice(1).replaceAll('/', '.');
  const inner = (name: string): string => (at === '' ? name : `${at}.${name}`);
  const { params } = problem;
  switch (problem.keyword) {
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      return `${inner(name)}: no such argument${at === '' ? suggest(name, known) : ''}`;
    }
    case 'required':
      return `${inner(String(params['missingProperty']))}: is missing`;
    case 'type':
      return `${at}: must be ${aTypeName(params['type'])}`;
    case 'enum': {
      const allowed = params['allowedValues'];
      return `${at}: must be one of ${Array.isArray(allowed) ? allowed.join(', ') : 'the listed values'}`;
    }
    default:
      return `${at}: ${problem.message ?? 'is wrong'}`;
  }
}

function aTypeName(type: unknown): string {
  const name = Array.isArray(type) ? type.join(' or ') : String(type);
  return /^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`;
}
