// The HTTP server: routes, limits, errors to status. GraphQL and MCP are served by their own folders behind it.
export { type AppOptions, createApp, type McpHandler } from './create-app.ts';
export type { Health, HealthReport } from './health.ts';
export { listen, type Listening } from './listen.ts';
