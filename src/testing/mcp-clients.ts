import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import type { JsonObject } from '../shared/json.ts';

/** A tool's answer as a client hands it on, whichever library made the call. */
export interface ToolReply {
  readonly isError: boolean;
  /** The text blocks, in order. */
  readonly texts: readonly string[];
  readonly structured: JsonObject;
  readonly code: string | undefined;
}

export interface ListedTool {
  readonly name: string;
  readonly description?: string | undefined;
  readonly inputSchema: { readonly [key: string]: unknown };
  readonly annotations?: { readonly [key: string]: unknown } | undefined;
}

/** One connected client: 2025-11-25 by the v1 library, or 2026-07-28 by the v2 library. */
export interface McpSession {
  readonly instructions: string | undefined;
  listTools(): Promise<readonly ListedTool[]>;
  /** @param onProgress asks for progress, and is told of it */
  call(name: string, given?: JsonObject, onProgress?: OnProgress): Promise<ToolReply>;
  close(): Promise<void>;
}

export type OnProgress = (note: { readonly progress: number; readonly message?: string | undefined }) => void;

/** `unticked` sends the form back without the tick that says yes. */
export type UserAnswer = 'accept' | 'unticked' | 'decline';

export interface ConnectOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What the user says when the server asks; without it the client says that it cannot be asked. */
  readonly confirm?: (question: string) => UserAnswer;
  /** Called when the server says that its tools have changed (2026 only). */
  readonly onToolsChanged?: () => void;
}

export type Connect = (options: ConnectOptions) => Promise<McpSession>;

/** Both real client libraries; a suite runs once for each. */
export const mcpClients: readonly { readonly era: '2025' | '2026'; readonly connect: Connect }[] = [
  { era: '2025', connect: connectLegacy },
  { era: '2026', connect: connectModern },
];

const clientInfo = { name: 'sluice-tests', version: '1.0.0' };

export async function connectLegacy({ url, headers = {} }: ConnectOptions): Promise<McpSession> {
  const client = new LegacyClient(clientInfo);
  const transport = new LegacyTransport(new URL(url), { requestInit: { headers } });
  // The library's own transport type is looser than its interface under exactOptionalPropertyTypes.
  await client.connect(transport as unknown as Parameters<LegacyClient['connect']>[0]);
  return {
    instructions: client.getInstructions(),
    listTools: async () => (await client.listTools()).tools,
    call: async (name, given = {}, onprogress?: OnProgress) =>
      toReply(await client.callTool({ name, arguments: { ...given } }, undefined, onprogress && { onprogress })),
    close: () => client.close(),
  };
}

export async function connectModern(options: ConnectOptions): Promise<McpSession> {
  const { url, headers = {}, confirm, onToolsChanged } = options;
  const client = new ModernClient(clientInfo, {
    capabilities: confirm === undefined ? {} : { elicitation: { form: {} } },
    versionNegotiation: { mode: { pin: '2026-07-28' } },
    ...(onToolsChanged === undefined ? {} : { listChanged: { tools: { onChanged: onToolsChanged } } }),
  });
  if (confirm !== undefined) {
    client.setRequestHandler('elicitation/create', ({ params }) => {
      const answer = confirm(params.message);
      if (answer === 'decline') return { action: 'decline' };
      return { action: 'accept', content: { confirm: answer === 'accept' } };
    });
  }
  await client.connect(new ModernTransport(new URL(url), { requestInit: { headers } }));
  return {
    instructions: client.getInstructions(),
    listTools: async () => (await client.listTools()).tools,
    call: async (name, given = {}, onprogress?: OnProgress) =>
      toReply(await client.callTool({ name, arguments: { ...given } }, onprogress && { onprogress })),
    close: () => client.close(),
  };
}

function toReply(result: object): ToolReply {
  const { isError, content, structuredContent, _meta } = result as {
    isError?: boolean;
    content?: { type: string; text?: string }[];
    structuredContent?: JsonObject;
    _meta?: JsonObject;
  };
  const code = _meta?.['sluice/code'];
  return {
    isError: isError === true,
    texts: (content ?? []).flatMap(({ text }) => (text === undefined ? [] : [text])),
    structured: structuredContent ?? {},
    code: typeof code === 'string' ? code : undefined,
  };
}
