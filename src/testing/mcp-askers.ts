import assert from 'node:assert/strict';

import { isJsonObject, type JsonObject } from '../shared/json.ts';
import { connectLegacy } from './mcp-clients.ts';

/** A caller of the tool `intent` that gets confirmations, and brings what it likes as one. */
export interface Asker {
  /** Calls something that destroys. @returns what would confirm it */
  ask(given: JsonObject): Promise<string>;
  /** The call with something as its confirmation. @returns the whole answer as text */
  bring(given: JsonObject, confirmation: string): Promise<string>;
  call(given: JsonObject): Promise<string>;
  close(): Promise<void>;
}

/** 2025-11-25: a token is an argument of the call. */
export async function legacyAsker(url: string, token: string): Promise<Asker> {
  const session = await connectLegacy({ url, headers: { authorization: `Bearer ${token}` } });
  const call = async (given: JsonObject): Promise<string> => JSON.stringify(await session.call('intent', given));
  return {
    async ask(given) {
      const { structured } = await session.call('intent', given);
      const confirmation = structured['confirmation'];
      return textIn(isJsonObject(confirmation) ? confirmation : {}, 'token');
    },
    bring: (given, confirmation) => call({ ...given, confirmation }),
    call,
    close: () => session.close(),
  };
}

const PROTOCOL = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol';

/** 2026-07-28: a state travels with the server's question, and comes back with the user's answer. */
export function modernAsker(url: string, token: string): Promise<Asker> {
  const post = async (given: JsonObject, more: JsonObject = {}): Promise<JsonObject> => {
    const _meta = {
      [`${PREFIX}/protocolVersion`]: PROTOCOL,
      [`${PREFIX}/clientInfo`]: { name: 'raw', version: '1.0.0' },
      [`${PREFIX}/clientCapabilities`]: { elicitation: { form: {} } },
    };
    const params = { name: 'intent', arguments: given, _meta, ...more };
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': PROTOCOL,
        'mcp-method': 'tools/call',
        'mcp-name': 'intent',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
    });
    const answer: unknown = await response.json();
    return isJsonObject(answer) && isJsonObject(answer['result']) ? answer['result'] : { answer: String(answer) };
  };
  return Promise.resolve({
    ask: async (given) => textIn(await post(given), 'requestState'),
    async bring(given, requestState) {
      const inputResponses = { confirm: { action: 'accept', content: { confirm: true } } };
      return JSON.stringify(await post(given, { requestState, inputResponses }));
    },
    call: async (given) => JSON.stringify(await post(given)),
    close: () => Promise.resolve(),
  });
}

function textIn(object: JsonObject, key: string): string {
  const found = object[key];
  return typeof found === 'string' ? found : assert.fail(`no ${key} in ${JSON.stringify(object)}`);
}
