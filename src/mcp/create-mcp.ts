import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Caller, Origin } from '../shared/caller.ts';
import type { CallServices } from './call-tool.ts';
import { createHttpDoor, type DoorOptions } from './http-door.ts';
import { findMutationTools } from './in-tool-words.ts';
import { createToolServer } from './tool-server.ts';
import { createToolShelf, type ToolShelf } from './tool-list.ts';
import type { Endpoint, ArgumentChecks, Tool } from './tool.ts';

export interface McpOptions extends Omit<DoorOptions, 'shelf' | 'serverFor'> {
  readonly gateway: CallServices['gateway'];
  readonly tools: readonly Tool[];
  readonly checks: ArgumentChecks;
  /** Version of this server, as clients see it. */
  readonly version: string;
}

export interface Mcp {
  /**
   * Answers one HTTP request to `/mcp` (MAIN) or `/intent/mcp` (INTENT). Nothing has read its body yet.
   *
   * @param tokenProblem why the token that was sent lets nobody in
   */
  handle(
    endpoint: Endpoint,
    request: IncomingMessage,
    response: ServerResponse,
    caller: Caller,
    origin: Origin,
    tokenProblem?: string,
  ): Promise<void>;
  /** Puts other tools in place and tells the clients that listen. */
  replaceTools(tools: readonly Tool[], checks: ArgumentChecks): void;
  /** Ends the streams of clients that listen. */
  close(): Promise<void>;
}

interface Serving {
  readonly shelf: ToolShelf;
  readonly services: CallServices;
}

/** Both MCP endpoints. 2025-era clients are served without sessions, so any replica can answer any request. */
export function createMcp(options: McpOptions): Mcp {
  const { gateway, version, log } = options;
  const serve = (tools: readonly Tool[], checks: ArgumentChecks): Serving => ({
    shelf: createToolShelf(tools),
    services: { gateway, checks, version, log, mutationTools: findMutationTools(tools) },
  });
  let serving = serve(options.tools, options.checks);
  const door = createHttpDoor({
    ...options,
    shelf: () => serving.shelf,
    serverFor: (scope, modern) => createToolServer(serving.shelf, serving.services, scope, modern),
  });
  return {
    handle: (endpoint, request, response, caller, origin, tokenProblem) =>
      door.handle({ endpoint, request, response, caller, origin, tokenProblem }),
    replaceTools(tools, checks) {
      serving = serve(tools, checks);
      door.toolsChanged();
    },
    close: () => door.close(),
  };
}
