// Loaded before every test. The network stays off: a test that needs a server starts one on loopback.
import { stopSharedServer } from './shared-server.ts';

process.env['NODE_ENV'] = 'test';

export const mochaHooks = {
  afterAll: stopSharedServer,
};
