// What the OAuth server stands on: its records, and where it may send people back to.
export { startCleaning } from './clean.ts';
export { cookieKeys } from './cookie-keys.ts';
export { endGrant, endGrantsOf } from './grants.ts';
export { oauthRecords, type OAuthPayload, type OAuthRecords } from './records.ts';
export {
  GRANT_SECONDS,
  recordConsent,
  recordRevocation,
  recordToken,
  type Consent,
  type TokenEvent,
} from './record-oauth.ts';
export { allowedRedirectHosts, mayRedirectTo, setAllowedRedirectHosts } from './redirect-hosts.ts';
