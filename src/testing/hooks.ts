// Loaded before every test. The network stays off: a test that needs a server starts one on loopback.
import { stopSharedServer } from './shared-server.ts';

process.env['NODE_ENV'] = 'test';

const ENDS_WITHIN_MS = 60_000;

export const mochaHooks = {
  async afterAll(): Promise<void> {
    await stopSharedServer();
    setTimeout(failWhatGoesOn, ENDS_WITHIN_MS).unref();
  },
};

// A test that failed, or forgot something, may have left a process or socket behind: that must not keep the run for ever.
function failWhatGoesOn(): void {
  process.stderr.write(`The tests are over, but something goes on: ${process.getActiveResourcesInfo().join(', ')}\n`);
  process.on('exit', () => (process.exitCode = 1)); // after mocha's own, which knows of failed tests only
  process.exit();
}
