// The one key that signed tokens of API keys before there were several: no token that it signed is taken any more.
export const oldTokenKey: readonly string[] = [`delete from setting where id = 'token-signing-key'`];
