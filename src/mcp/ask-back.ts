import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  inputRequired,
  inputResponse,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';

import { isJsonObject } from '../shared/json.ts';
import { cleanText } from './clean-text.ts';
import type { ConfirmationRequest } from './tool-answer.ts';

// What only clients of the 2026-07-28 revision can do: say who they are with each call, and put a question to their user.

const QUESTION = 'confirm';
const MAX_CLIENT_LENGTH = 100;

/** What the client sent back to our question: the token it was asked about, or a no. */
export function confirmedToken({ mcpReq }: ServerContext): { readonly token: string } | 'declined' | undefined {
  const state = mcpReq.requestState<unknown>();
  const response = inputResponse(mcpReq.inputResponses, QUESTION);
  if (typeof state !== 'string' || response.kind !== 'elicit') return undefined;
  const agreed = response.action === 'accept' && response.content?.['confirm'] === true;
  return agreed ? { token: state } : 'declined';
}

/** Whether the client can show a form. One that names no mode can: forms came first. */
export function canAsk(context: ServerContext): boolean {
  const capabilities = envelopeOf(context)[CLIENT_CAPABILITIES_META_KEY];
  const elicitation = isJsonObject(capabilities) ? capabilities['elicitation'] : undefined;
  return isJsonObject(elicitation) && (Object.keys(elicitation).length === 0 || 'form' in elicitation);
}

/** `name/version` as the client gives them of itself: recorded, never trusted. */
export function clientOf(context: ServerContext): string | undefined {
  const info = envelopeOf(context)[CLIENT_INFO_META_KEY];
  if (!isJsonObject(info) || typeof info['name'] !== 'string') return undefined;
  const version = typeof info['version'] === 'string' ? `/${info['version']}` : '';
  return cleanText(info['name'] + version).slice(0, MAX_CLIENT_LENGTH);
}

function envelopeOf({ mcpReq }: ServerContext): Readonly<Record<string, unknown>> {
  const envelope: unknown = mcpReq.envelope;
  return isJsonObject(envelope) ? envelope : {};
}

/**
 * The question that a destructive call asks. The state that travels with it is the one-time token itself: whoever
 * issued it checks that it is unspent and bound to this plan and this session, so there is nothing here to forge.
 */
export function askBack({ summary, token }: ConfirmationRequest): InputRequiredResult {
  const question = inputRequired.elicit({
    message: `${summary}\n\nGo on? Nothing has been changed yet.`,
    requestedSchema: {
      type: 'object',
      properties: { confirm: { type: 'boolean', title: 'Yes, do it', default: false } },
      required: ['confirm'],
    },
  });
  return inputRequired({ inputRequests: { [QUESTION]: question }, requestState: token });
}
