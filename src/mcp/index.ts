// MCP: a tool call becomes one GraphQL document, its result the tool's answer. Nothing here decides what a caller may do.
export {
  clientsDocument,
  clientSetups,
  describeClients,
  type ClientAuth,
  type ClientFile,
  type ClientOptions,
  type ClientSetup,
} from './clients.ts';
export { createMcp, type Mcp, type McpOptions } from './create-mcp.ts';
export { isForeignOrigin } from './guard-request.ts';
export { parseTools, type ArgumentChecks, type Endpoint, type Tool } from './tool.ts';
