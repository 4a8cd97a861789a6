import { AppError } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { profileNamed } from './bearer-token.ts';
import { callServer } from './call-server.ts';
import { revokeLogin } from './login-by-device.ts';
import { changeProfiles, type Profile, readProfiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

const END = 'mutation($id: ID!) { sessionEnd(id: $id) { id } }';

/** Forgets a profile, the current one unless another is named, and ends on the server what can be ended there. */
export async function logout(terminal: Terminal, named: string | undefined): Promise<void> {
  const profiles = await readProfiles(terminal.configFolder);
  const alias = named ?? profiles.current;
  if (alias === undefined) throw new AppError('NO_SUCH', 'there is no current profile: name the one to forget');
  const profile = profileNamed(profiles, alias);
  await changeProfiles(terminal.configFolder, ({ current, all }) => ({
    current: current === alias ? undefined : current,
    all: new Map([...all].filter(([name]) => name !== alias)),
  }));
  await endOnServer(terminal, profile);
  terminal.say(`Forgot the profile ${alias}.`);
}

async function endOnServer(terminal: Terminal, { url, login }: Profile): Promise<void> {
  if (login.kind === 'OAUTH') {
    await revokeLogin(url, login).catch(() =>
      terminal.say(`${url} could not be told; the login ends there by itself.`),
    );
  }
  if (login.kind === 'SESSION') {
    await endSession(url, login.token).catch(() => terminal.say(`${url} could not be told; its token ends by itself.`));
  }
  if (login.kind === 'KEY') terminal.say('The API key itself goes on counting; an administrator can delete it.');
  if (login.kind === 'TOKEN')
    terminal.say('The token itself goes on counting; delete it with personalAccessTokenDelete.');
}

async function endSession(url: string, token: string): Promise<void> {
  const { sessions } = await callServer(url, '{ sessions { id current } }', { token });
  const list: readonly Json[] = Array.isArray(sessions) ? sessions : [];
  const own = list.find((session) => isJsonObject(session) && session['current'] === true);
  const id = isJsonObject(own) ? own['id'] : undefined;
  if (typeof id === 'string') await callServer(url, END, { variables: { id }, token });
}
