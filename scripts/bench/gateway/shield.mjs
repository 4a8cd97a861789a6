// A peer: graphql-shield with one contextual rule for every stack, on graphql-js.
import { createRequire } from 'node:module';

import { comparePairs } from './compare-pairs.ts';
import { bigDocument, resolvers, typeDefs } from './stacks.ts';

// All by `require`, so that there is one copy of graphql, and because shield calls a function that Node no longer has.
const require = createRequire(import.meta.url);
require('node:util').isUndefined ??= (value) => value === undefined;
const { execute, parse } = require('graphql');
const { createSchema } = require('graphql-yoga');
const { applyMiddleware } = require('graphql-middleware');
const { rule, shield } = require('graphql-shield');

const signedIn = rule({ cache: 'contextual' })((_parent, _args, context) => context.caller !== undefined);
const open = createSchema({ typeDefs, resolvers });
const rules = shield({ Query: { '*': signedIn }, Stack: { '*': signedIn } }, { fallbackRule: signedIn });
const secured = applyMiddleware(open, rules);
const document = parse(bigDocument);

const run = (schema) => async (turn) => {
  const args = { schema, document, variableValues: { first: 50 }, contextValue: { caller: turn } };
  const { data, errors } = await execute(args);
  if (errors !== undefined) throw errors[0];
  return JSON.stringify(data);
};

process.stdout.write(JSON.stringify(await comparePairs('graphql-shield', run(secured), run(open))));
