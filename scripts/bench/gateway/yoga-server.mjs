// A peer: GraphQL Yoga as its documentation sets it up, without any check of access.
import { createServer } from 'node:http';

import { createSchema, createYoga } from 'graphql-yoga';

import { resolvers, typeDefs } from './stacks.ts';

const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false, graphiql: false });
const server = createServer(yoga);
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
