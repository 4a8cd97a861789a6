// Loaded before every test. The network stays off: a test that needs a server starts one on loopback.
process.env['NODE_ENV'] = 'test';
