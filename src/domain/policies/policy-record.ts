import type { PolicyRow } from '../../storage/policies.ts';
import type { PolicyType } from '../../../generated/enums.ts';
import { unixSeconds } from '../../shared/clock.ts';

/** A policy as the API shows it; its space and attachments are looked up by whoever asks for them. */
export interface PolicyRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly body: string;
  readonly type: PolicyType;
  readonly engineType: 'REGO_V0' | 'REGO_V1';
  readonly enabled: boolean;
  readonly labels: readonly string[];
  readonly space: string;
  readonly warnings: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function toPolicyRecord(row: PolicyRow): PolicyRecord {
  const { id, name, description, body, engineType, enabled, labels, space } = row;
  return {
    id,
    name,
    description,
    body,
    engineType,
    enabled,
    labels,
    space,
    type: parseType(row.type),
    warnings: warningsOf(row),
    createdAt: unixSeconds(row.createdAt),
    updatedAt: unixSeconds(row.updatedAt),
  };
}

// The column holds what the API's enum let in.
const parseType = (type: string): PolicyType => type as PolicyType;

/** What its author will not have meant, though it compiles. */
function warningsOf({ type, rules }: PolicyRow): string[] {
  if (type !== 'INTENT' || rules.includes('allow') || rules.includes('deny')) return [];
  const names = rules.map((rule) => `\`${rule}\``).join(', ');
  return [
    `it has no rule \`allow\` or \`deny\`: what no other policy decides waits for a review, or is refused where there can be none; its rules are ${names}`,
  ];
}
