// The only way out: requests to addresses that came from outside (registries, webhooks, metadata documents). Nothing on
// this computer or in its private networks is reached unless the operator named its host.
export { createOutbound, type Outbound, type OutboundOptions, type LookupAddresses } from './outbound.ts';
export type { GetOptions, OutboundAnswer, PostOptions } from './get.ts';
export { createSafeFetch, type Fetched, type SafeFetch, type SafeFetchOptions } from './safe-fetch.ts';
export type { DownloadOptions, DownloadProgress } from './download.ts';
