// The HTTP side of who is calling: OAuth server, sign-in pages, and from a bearer token to a Caller. What a caller may do
// is decided elsewhere.
export { type Authenticate, type CallerOf, createAuthenticate, parseBearer } from './bearer.ts';
export { type Auth, createAuth } from './create-auth.ts';
export { createHostCheck, type HostCheck } from './host-check.ts';
export { metadataDocuments, resourceMetadataUrl } from './oauth/metadata.ts';
export { type OAuthOptions } from './oauth/create-oauth.ts';
