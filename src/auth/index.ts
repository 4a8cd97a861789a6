// The HTTP side of who is calling: from a bearer token to a Caller. What a caller may do is decided elsewhere.
export { type Authenticate, type CallerOf, createAuthenticate, parseBearer } from './bearer.ts';
export { createHostCheck, type HostCheck } from './host-check.ts';
