import { conform, encodeValue, impliedType, type SchemaBlock, type Value } from '../../providers/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { JsonObject } from '../../shared/json.ts';
import { errorsOf, formatProblem, type Problem, listItem } from '../../shared/problems.ts';
import { secretTexts as textsOf } from '../plan/mask-secrets.ts';
import { secretsIn } from '../plan/redact.ts';
import { guardBlock } from './guard-block.ts';

/** A provider's configuration as it goes to the provider. */
export interface SessionConfiguration {
  readonly bytes: Uint8Array;
  /** What it holds and nobody may see. */
  readonly secrets: readonly string[];
}

interface Place {
  /** `provider hashicorp/aws 5.1.0` */
  readonly provider: string;
  readonly project: string;
  /** Undefined when nothing is set: the provider then gets an empty configuration. */
  readonly config: JsonObject | undefined;
  /** Whether the project has variables: a provider may take from them what its schema calls required. */
  readonly hasVariables: boolean;
}

/** @throws CONFLICT when what is set does not fit this version, or when nothing is set and something must be */
export function sessionConfiguration(block: SchemaBlock, place: Place): SessionConfiguration {
  const { config, hasVariables } = place;
  const relaxed = config === undefined && hasVariables ? withoutRequired(block) : block;
  const { value, problems } = conform(config ?? {}, relaxed);
  const misfits = errorsOf(problems);
  if (misfits.length > 0) throw unfit(place, misfits);
  return { bytes: encodeValue(value, impliedType(block)), secrets: secretTexts(block, value) };
}

/** Texts in a configuration that nobody may see. */
export function secretTexts(block: SchemaBlock, value: Value): string[] {
  return secretsIn(guardBlock(block), value).flatMap(textsOf);
}

function withoutRequired(block: SchemaBlock): SchemaBlock {
  return { ...block, attributes: block.attributes.map((each) => ({ ...each, required: false, optional: true })) };
}

function unfit({ provider, project, config }: Place, problems: readonly Problem[]): AppError {
  const lead =
    config === undefined
      ? `${provider} needs a configuration in project ${project}, and none is set`
      : `the configuration of ${provider} in project ${project} does not fit this version`;
  const lines = problems.map((problem) => listItem(formatProblem(problem)));
  const advice =
    'Set it with intentProviderConfigSet(intentProject, provider, config); credentials may also be variables, ' +
    'set with intentProjectConfigAdd';
  return new AppError('CONFLICT', [`${lead}:`, ...lines, advice].join('\n'), { details: { project } });
}
