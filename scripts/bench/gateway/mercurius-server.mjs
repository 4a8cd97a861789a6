// A peer: Mercurius on Fastify with compiled queries, without any check of access.
import Fastify from 'fastify';
import mercurius from 'mercurius';

import { resolvers, typeDefs } from './stacks.ts';

const app = Fastify();
app.register(mercurius, { schema: typeDefs, resolvers, jit: 1 });
await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${app.server.address().port}\n`);
