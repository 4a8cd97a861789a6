// MCP: a tool call becomes one GraphQL document, its result the tool's answer. Nothing here decides what a caller may do.
export { createMcp, type Mcp, type McpOptions } from './create-mcp.ts';
export { isForeignOrigin } from './guard-request.ts';
export { parseTools, type ArgumentChecks, type Endpoint, type Tool } from './tool.ts';
