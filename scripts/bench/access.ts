// Access: callers that were never seen, tokens, the OAuth flow, and what rules cost with roles and spaces.
import { measureFlows } from './access/oauth-flow.ts';
import { measureNeverSeen } from './access/never-seen.ts';
import type { AccessRow } from './access/rows.ts';
import { measureTokens } from './access/tokens.ts';
import { measureRoles } from './gateway/enforcement.ts';

/** Measures everything; about a minute. */
export async function measureAccess(): Promise<AccessRow[]> {
  const { percent, upperPercent, pairs } = await measureRoles();
  return [
    ...(await measureNeverSeen()),
    ...(await measureTokens()),
    ...(await measureFlows()),
    {
      what: 'rules on : off, a list of 1,651 fields, 1,000 callers with roles in a tree of spaces',
      subject: 'sluice',
      value: percent,
      unit: '%',
      range: [percent, upperPercent],
      note: `median and upper 95 % bound of ${pairs} pairs, no HTTP`,
    },
  ];
}
