import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';

import type { SsoIdentity } from '../../domain/people/index.ts';
import { createOutbound } from '../../outbound/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { parseIdentity } from './parse-identity.ts';
import { createSsoFetch } from './sso-fetch.ts';

/** How this server is known at the company's OpenID provider. */
export interface SsoOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  readonly groupsClaim: string;
  /** `<public URL>/sign-in/sso/callback`. */
  readonly redirectUri: string;
  /** Hosts besides the issuer's that may lie in private networks. */
  readonly outboundAllow: readonly string[];
  readonly log: Logger;
}

/** What must be kept between sending somebody away and their coming back. */
export interface SsoSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The company's OpenID provider, seen from here: code flow with PKCE, state and nonce, every signature checked. */
export interface Sso {
  /** Where to send the browser. @throws UNAVAILABLE when the provider does not answer */
  begin(): Promise<{ readonly url: URL; readonly secrets: SsoSecrets }>;
  /**
   * Who came back.
   *
   * @param query of the callback, with its question mark
   * @throws UNAUTHENTICATED when anything does not fit, without saying what
   */
  finish(query: string, secrets: SsoSecrets): Promise<SsoIdentity>;
}

const METADATA_LIFE_MS = 60 * 60 * 1000;

export function createSso(options: SsoOptions): Sso {
  const provider = createProviderSource(options);
  return {
    async begin() {
      const config = await provider();
      const secrets = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier() };
      const url = buildAuthorizationUrl(config, {
        redirect_uri: options.redirectUri,
        scope: options.scopes,
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await calculatePKCECodeChallenge(secrets.verifier),
        code_challenge_method: 'S256',
      });
      return { url, secrets };
    },
    async finish(query, secrets) {
      const config = await provider();
      try {
        return await redeem(config, options, query, secrets);
      } catch (error) {
        throw explain(error, options.log);
      }
    },
  };
}

/** The provider's own description of itself, read when it is needed and again every hour. */
function createProviderSource(options: SsoOptions): () => Promise<Configuration> {
  let known: { readonly config: Promise<Configuration>; readonly untilMs: number } | undefined;
  return () => {
    if (known !== undefined && known.untilMs > Date.now()) return known.config;
    const config = discover(options);
    known = { config, untilMs: Date.now() + METADATA_LIFE_MS };
    config.catch(() => (known = undefined)); // the next one tries again
    return config;
  };
}

async function discover({ issuer, clientId, clientSecret, outboundAllow, log }: SsoOptions): Promise<Configuration> {
  const url = new URL(issuer);
  const port = url.port === '' ? '443' : url.port;
  // The operator named the issuer, so its own host may be a private one.
  const outbound = createOutbound({ allow: [...outboundAllow, `${url.hostname}:${port}`] });
  const execute = [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])];
  try {
    return await discovery(url, clientId, {}, authentication(clientSecret), {
      [customFetch]: createSsoFetch(outbound),
      execute,
    });
  } catch (error) {
    log.error({ err: error, issuer }, 'the OpenID provider could not be reached, or does not fit its settings');
    throw new AppError('UNAVAILABLE', 'The sign-in service of your company does not answer. Try again in a moment.', {
      cause: error,
    });
  }
}

/** The secret goes the way that the provider takes it; in the header unless it says otherwise. */
function authentication(secret: string | undefined): ClientAuth {
  if (secret === undefined) return None();
  const [basic, post] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const chosen = methods.includes('client_secret_basic') ? basic : post;
    chosen(server, ...rest);
  };
}

async function redeem(
  config: Configuration,
  { issuer, redirectUri, groupsClaim }: SsoOptions,
  query: string,
  { state, nonce, verifier }: SsoSecrets,
): Promise<SsoIdentity> {
  const tokens = await authorizationCodeGrant(config, new URL(query, redirectUri), {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  // Some providers serve many companies under one address, and the library lets the tokens of all of them pass.
  if (claims === undefined || claims.iss !== issuer) throw new Error('the ID token is missing or of another issuer');
  const asks = config.serverMetadata().userinfo_endpoint !== undefined;
  const more = asks ? await fetchUserInfo(config, tokens.access_token, claims.sub) : {};
  return parseIdentity({ ...more, ...claims }, groupsClaim);
}

/** The person learns that it failed, the log why: the code of the failure, never what was in an answer. */
function explain(error: unknown, log: Logger): AppError {
  if (error instanceof AuthorizationResponseError) {
    log.warn({ reason: error.error.slice(0, 100) }, 'the OpenID provider sent somebody back without a sign-in');
    return new AppError('UNAUTHENTICATED', 'You were not signed in: your company’s sign-in service said no.');
  }
  const reason = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  const detail = error instanceof Error ? error.message.slice(0, 200) : '';
  log.warn({ reason, detail }, 'a sign-in by the OpenID provider was refused');
  if (isOutage(error)) {
    return new AppError('UNAVAILABLE', 'The sign-in service of your company does not answer. Try again in a moment.');
  }
  return new AppError('UNAUTHENTICATED', 'You were not signed in: the answer of the sign-in service does not fit.');
}

function isOutage(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof AppError && cause.code === 'UNAVAILABLE';
}
