import type { Context } from 'koa';
import type { Interaction, InteractionResults } from 'oidc-provider';

import { grantSubject, judgeLogin } from '../domain/login/index.ts';
import { recordConsent } from '../domain/oauth/index.ts';
import type { SignedIn } from '../domain/people/index.ts';
import type { Scope } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import { showPage } from './page-answer.ts';
import { consentPage } from './pages/consent-page.ts';
import type { Services } from './services.ts';
import { askToSignIn, whoIsSignedIn } from './sign-in-routes.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** What a client asks for, as far as it is needed to decide. */
interface Ask {
  readonly uid: string;
  readonly clientId: string;
  readonly clientName: string;
  readonly redirectUri: URL;
  readonly resource: string;
  readonly scopes: readonly Scope[];
}

export async function showConsent(services: Services, context: Context): Promise<void> {
  const ask = await findAsk(services, context);
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const { redirectUri, clientId } = ask;
  const page = consentPage({
    ...ask,
    csrf: services.forms.tokenFor(context),
    clientSource: clientId.startsWith('https://') ? clientId : undefined,
    redirectTarget: targetOf(redirectUri),
    redirectIsLocal: LOOPBACK.has(redirectUri.hostname),
    username: person.username,
  });
  showPage(context, page, ` ${targetOf(redirectUri)}`);
}

/** `http://127.0.0.1:3210`; a scheme of its own is all that a browser's policy can name of a desktop application. */
function targetOf(uri: URL): string {
  return uri.origin === 'null' ? uri.protocol : uri.origin;
}

export async function takeConsent(services: Services, context: Context): Promise<void> {
  const ask = await findAsk(services, context);
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const fields = await services.forms.read(context);
  const chosen = ask.scopes.filter((scope) => fields.getAll('scope').includes(scope));
  const approved = fields.get('decision') === 'approve' && chosen.length > 0;
  const grantId = approved ? await makeGrant(services, context, { ask, person, chosen }) : undefined;
  const { clientId, clientName, resource } = ask;
  const consent = { clientId, clientName, resource, scopes: approved ? chosen : [], grantId };
  await recordConsent(services.domain, services.requestOf(context, person), consent);
  const result = grantId === undefined ? denied : approval(person, grantId);
  const next = await services.provider.interactionResult(context.req, context.res, result);
  context.status = 303;
  context.redirect(next);
}

const denied: InteractionResults = { error: 'access_denied', error_description: 'the person has not given access' };

function approval({ userId }: SignedIn, grantId: string): InteractionResults {
  return { login: { accountId: userId, remember: false }, consent: { grantId } };
}

export interface Approval {
  readonly ask: Pick<Ask, 'clientId' | 'resource' | 'scopes'>;
  readonly person: SignedIn;
  readonly chosen: readonly Scope[];
}

/** The session that the client gets begins here: login policies judge it for the first time, and learn where. */
export async function makeGrant(
  services: Services,
  context: Context,
  { ask, person, chosen }: Approval,
): Promise<string> {
  const { provider, domain } = services;
  const { clientId, resource, scopes } = ask;
  const { userId } = person;
  const grant = new provider.Grant({ accountId: userId, clientId });
  grant.addResourceScope(resource, chosen.join(' '));
  const rest = scopes.filter((scope) => !chosen.includes(scope));
  if (rest.length > 0) grant.rejectResourceScope(resource, rest.join(' '));
  const grantId = await grant.save();
  try {
    await judgeLogin(domain, services.originOf(context), grantSubject(userId, grantId, domain.clock.now()));
  } catch (error) {
    await grant.destroy();
    throw error;
  }
  return grantId;
}

async function findAsk({ provider }: Services, context: Context): Promise<Ask> {
  const interaction = await findInteraction(() => provider.interactionDetails(context.req, context.res));
  const clientId = parseText(interaction.params['client_id']);
  const client = await provider.Client.find(clientId);
  if (client === undefined) throw ended();
  return {
    uid: interaction.uid,
    clientId,
    clientName: client.clientName ?? 'A client without a name',
    redirectUri: new URL(parseText(interaction.params['redirect_uri'])),
    resource: parseText(interaction.params['resource']),
    scopes: parseScopes(parseText(interaction.params['scope'])),
  };
}

async function findInteraction(find: () => Promise<Interaction>): Promise<Interaction> {
  try {
    return await find();
  } catch (error) {
    throw ended(error);
  }
}

function ended(cause?: unknown): AppError {
  return new AppError(
    'NO_SUCH',
    'This request for access has ended, was decided already, or began in another browser.',
    {
      cause,
    },
  );
}

// Checked by the OAuth server before it kept them.
function parseText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw ended();
}

function parseScopes(text: string): Scope[] {
  return (['mcp:read', 'mcp:write'] as const).filter((scope) => text.split(' ').includes(scope));
}
