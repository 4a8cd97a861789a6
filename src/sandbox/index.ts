// A small provider of our own, a child process like any other: the offline default, and with its faults a test bench.
export { createSandboxProvider, type SandboxProvider } from './provider-service.ts';
export { servePlugin, startedByHost } from './serve-plugin.ts';
