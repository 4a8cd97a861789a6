// The HTTP server: routes, limits, errors to status. GraphQL and MCP are served by their own folders behind it.
export { type AppOptions, createApp, type McpHandler } from './create-app.ts';
export type { ProxyTrust } from './caller-address.ts';
export type { Figure } from './metrics.ts';
export type { PublicDocument } from './pages.ts';
export { createTraffic, type OnLimit, type Traffic, type TrafficLimits } from './traffic.ts';
export type { Health, HealthReport } from './health.ts';
export { listen, type Listening } from './listen.ts';
