import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

import {
  createRequestStateCodec,
  inputRequired,
  inputResponse,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type CallToolResult,
  type ContentBlock,
  type GetPromptResult,
  type InputRequiredResult,
  type ServerContext,
} from '@modelcontextprotocol/server';

import { createHttpDoor } from '../mcp/http-door.ts';
import { createToolShelf } from '../mcp/tool-list.ts';
import type { Caller } from '../shared/caller.ts';
import { silentLogger } from '../shared/logger.ts';

// What the conformance suite expects of any server under test: fixtures with fixed names and answers. They stand behind
// the very transport, guards and per-request servers that serve our own tools.

// A single red pixel, and silence: the smallest of their kinds.
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

const codec = createRequestStateCodec({ key: randomBytes(32), ttlSeconds: 60 });

type ToolAnswer = CallToolResult | InputRequiredResult;
type FixtureTool = (
  context: ServerContext,
  given: Readonly<Record<string, unknown>>,
) => Promise<ToolAnswer> | ToolAnswer;

const text = (value: string): ContentBlock => ({ type: 'text', text: value });
const answerOf = (...content: ContentBlock[]): CallToolResult => ({ content });
const image: ContentBlock = { type: 'image', data: png, mimeType: 'image/png' };
const embedded = (uri: string, mimeType: string, value: string): ContentBlock => ({
  type: 'resource',
  resource: { uri, mimeType, text: value },
});

const askName = (message: string, key: string) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [key]: { type: 'string' } }, required: [key] },
  });
const askModel = (question: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: question } }], maxTokens });
const askOk = inputRequired.elicit({
  message: 'Please confirm',
  requestedSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
});

/** The text that a user gave to an elicitation, or undefined while they have not. */
function given({ mcpReq }: ServerContext, key: string, field: string): string | undefined {
  const view = inputResponse(mcpReq.inputResponses, key);
  const value = view.kind === 'elicit' && view.action === 'accept' ? view.content?.[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function responded({ mcpReq }: ServerContext, ...keys: string[]): boolean {
  return keys.every((key) => inputResponse(mcpReq.inputResponses, key).kind !== 'missing');
}

const tools: Readonly<Record<string, FixtureTool>> = {
  test_simple_text: () => answerOf(text('This is a simple text response for testing.')),
  test_image_content: () => answerOf(image),
  test_audio_content: () => answerOf({ type: 'audio', data: wav, mimeType: 'audio/wav' }),
  test_embedded_resource: () =>
    answerOf(embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')),
  test_multiple_content_types: () =>
    answerOf(
      text('Multiple content types test:'),
      image,
      embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ),
  test_error_handling: () => ({
    isError: true,
    content: [text('This tool intentionally returns an error for testing')],
  }),
  test_tool_with_logging: async ({ mcpReq }) => {
    for (const data of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      await mcpReq.notify({ method: 'notifications/message', params: { level: 'info', data } });
      await wait(50);
    }
    return answerOf(text('logged'));
  },
  // Logs only to clients that asked for a level: the library sees to that.
  test_logging_tool: async ({ mcpReq }) => {
    await mcpReq.log('info', 'working');
    return answerOf(text('logged'));
  },
  // A stream that begins with a notification and ends with a question, never with a request of its own.
  test_streaming_elicitation: async (context) => {
    const name = given(context, 'user_name', 'name');
    if (name !== undefined) return answerOf(text(`Hello, ${name}!`));
    const progressToken = context.mcpReq._meta?.progressToken ?? 'none';
    await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1, total: 2 } });
    return inputRequired({ inputRequests: { user_name: askName('What is your name?', 'name') } });
  },
  test_tool_with_progress: async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      }
      await wait(50);
    }
    return answerOf(text('done'));
  },
  test_input_required_result_elicitation: (context) => {
    const name = given(context, 'user_name', 'name');
    if (name !== undefined) return answerOf(text(`Hello, ${name}!`));
    return inputRequired({ inputRequests: { user_name: askName('What is your name?', 'name') } });
  },
  test_input_required_result_sampling: (context) => {
    if (responded(context, 'capital_question')) {
      return answerOf(text(JSON.stringify(context.mcpReq.inputResponses?.['capital_question'])));
    }
    return inputRequired({ inputRequests: { capital_question: askModel('What is the capital of France?', 100) } });
  },
  test_input_required_result_list_roots: (context) => {
    const view = inputResponse(context.mcpReq.inputResponses, 'client_roots');
    if (view.kind === 'roots') return answerOf(text(view.roots.map(({ uri }) => uri).join(', ')));
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  },
  test_input_required_result_request_state: withState('confirm', 'state-ok'),
  test_input_required_result_tampered_state: withState('confirm', 'state-ok'),
  test_input_required_result_multiple_inputs: async (context) => {
    if (responded(context, 'user_name', 'greeting', 'client_roots')) return answerOf(text('all three'));
    return inputRequired({
      inputRequests: {
        user_name: askName('What is your name?', 'name'),
        greeting: askModel('Generate a greeting', 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await codec.mint({ step: 1 }, context),
    });
  },
  test_input_required_result_multi_round: async (context) => {
    const color = given(context, 'step2', 'color');
    if (color !== undefined) return answerOf(text(`done: ${color}`));
    const [key, question, field] = responded(context, 'step1')
      ? (['step2', 'Step 2: What is your favorite color?', 'color'] as const)
      : (['step1', 'Step 1: What is your name?', 'name'] as const);
    return inputRequired({
      inputRequests: { [key]: askName(question, field) },
      requestState: await codec.mint({ step: key }, context),
    });
  },
  // Asks only for what the client says that it can answer.
  test_input_required_result_capabilities: ({ mcpReq }) => {
    const capabilities = capabilitiesOf(mcpReq.envelope);
    const inputRequests = {
      ...('elicitation' in capabilities ? { user_name: askName('What is your name?', 'name') } : {}),
      ...('sampling' in capabilities ? { greeting: askModel('Generate a greeting', 50) } : {}),
      ...('roots' in capabilities ? { client_roots: inputRequired.listRoots() } : {}),
    };
    return Object.keys(inputRequests).length > 0 ? inputRequired({ inputRequests }) : answerOf(text('nobody to ask'));
  },
  // Needs sampling, whatever the client can do: the library refuses on its behalf.
  test_missing_capability: () => inputRequired({ inputRequests: { greeting: askModel('Generate a greeting', 50) } }),
};

function withState(key: string, done: string): FixtureTool {
  return async (context) => {
    if (responded(context, key) && context.mcpReq.requestState() !== undefined) return answerOf(text(done));
    return inputRequired({ inputRequests: { [key]: askOk }, requestState: await codec.mint({ step: 1 }, context) });
  };
}

function capabilitiesOf(envelope: unknown): Readonly<Record<string, unknown>> {
  const key = 'io.modelcontextprotocol/clientCapabilities';
  return (envelope as Record<string, Record<string, unknown>> | undefined)?.[key] ?? {};
}

type FixturePrompt = (
  given: Readonly<Record<string, string>>,
  context: ServerContext,
) => GetPromptResult | InputRequiredResult;
const says = (...content: ContentBlock[]): GetPromptResult => ({
  messages: content.map((block) => ({ role: 'user', content: block })),
});

const prompts: Readonly<Record<string, { readonly arguments: readonly string[]; readonly get: FixturePrompt }>> = {
  test_simple_prompt: { arguments: [], get: () => says(text('This is a simple prompt for testing.')) },
  test_prompt_with_arguments: {
    arguments: ['arg1', 'arg2'],
    get: ({ arg1, arg2 }) => says(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  },
  test_prompt_with_embedded_resource: {
    arguments: ['resourceUri'],
    get: ({ resourceUri = '' }) =>
      says(
        embedded(resourceUri, 'text/plain', 'Embedded resource content for testing.'),
        text('Please process the embedded resource above.'),
      ),
  },
  test_prompt_with_image: { arguments: [], get: () => says(image, text('Please analyze the image above.')) },
  test_input_required_result_prompt: {
    arguments: [],
    get: (_given, context) => {
      const answer = given(context, 'user_context', 'context');
      if (answer !== undefined) return says(text(`With context ${answer}`));
      return inputRequired({
        inputRequests: { user_context: askName('What context should the prompt use?', 'context') },
      });
    },
  },
};

const resources = [
  { uri: 'test://static-text', name: 'static-text', description: 'Fixed text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', description: 'Fixed image', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched-resource', description: 'Watched text', mimeType: 'text/plain' },
];

function readResource(uri: string) {
  const known = resources.find((resource) => resource.uri === uri);
  if (known?.mimeType === 'image/png') return { uri, mimeType: 'image/png', blob: png };
  if (known !== undefined) {
    return { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' };
  }
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) throw new ResourceNotFoundError(uri);
  return {
    uri,
    mimeType: 'application/json',
    text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  };
}

function fixtureServer(): Server {
  const server = new Server(
    { name: 'sluice-fixtures', version: '0.0.0' },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        completions: {},
        logging: {},
      },
      requestState: { verify: (state, context) => codec.verify(state, context) },
    },
  );
  server.setRequestHandler('tools/list', () => ({
    tools: Object.keys(tools).map((name) => ({
      name,
      description: `Fixture ${name}.`,
      inputSchema: { type: 'object' },
    })),
  }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const tool = tools[params.name];
    if (tool === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no such tool ${params.name}`);
    return tool(context, params.arguments ?? {});
  });
  server.setRequestHandler('prompts/list', () => ({
    prompts: Object.entries(prompts).map(([name, prompt]) => ({
      name,
      description: `Fixture ${name}.`,
      arguments: prompt.arguments.map((argument) => ({ name: argument, description: 'Text.', required: true })),
    })),
  }));
  server.setRequestHandler('prompts/get', ({ params }, context) => {
    const prompt = prompts[params.name];
    if (prompt === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no such prompt ${params.name}`);
    return prompt.get(params.arguments ?? {}, context);
  });
  server.setRequestHandler('resources/list', () => ({ resources }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [
      {
        uriTemplate: 'test://template/{id}/data',
        name: 'template',
        description: 'Data by id',
        mimeType: 'application/json',
      },
    ],
  }));
  server.setRequestHandler('resources/read', ({ params }) => ({ contents: [readResource(params.uri)] }));
  server.setRequestHandler('resources/subscribe', () => ({}));
  server.setRequestHandler('resources/unsubscribe', () => ({}));
  server.setRequestHandler('completion/complete', () => ({
    completion: { values: ['paris', 'park'], hasMore: false },
  }));
  return server;
}

const tester: Caller = {
  principal: { kind: 'API_KEY', id: 'conformance', name: 'conformance' },
  session: 'conformance',
  scopes: new Set(['mcp:write']),
  grants: new Map(),
};

/** The fixtures on a free port; every caller counts as signed in, because the suite brings no token. */
export async function startConformanceServer(): Promise<{ readonly url: string; stop(): void }> {
  const shelf = createToolShelf([]);
  const door = createHttpDoor({
    allowsHost: (host) => host !== undefined && /^(localhost|127\.0\.0\.1):\d+$/.test(host),
    maxBodyBytes: 1_000_000,
    log: silentLogger,
    shelf: () => shelf,
    serverFor: () => fixtureServer(),
  });
  const origin = { via: 'MCP', requestId: 'conformance', remoteAddress: undefined, client: undefined } as const;
  const server = createServer((request, response) => {
    void door.handle({ endpoint: 'MAIN', request, response, caller: tester, origin });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
