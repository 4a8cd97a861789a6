import type { Context } from 'koa';

/** Reads and writes one cookie of ours: never readable by scripts, only over https where there is https. */
export interface Cookie {
  read(context: Context): string | undefined;
  write(context: Context, value: string, lifeSeconds: number): void;
  clear(context: Context): void;
}

const VALUE = /^[\w-]{20,100}$/;

/** @param name without prefix; over https the browser is told by `__Host-` that no other host may set it */
export function createCookie(name: string, publicUrl: string): Cookie {
  const secure = publicUrl.startsWith('https:');
  const fullName = secure ? `__Host-${name}` : name;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return {
    read(context) {
      const found = context.cookies.get(fullName);
      return found !== undefined && VALUE.test(found) ? found : undefined;
    },
    write: (context, value, lifeSeconds) =>
      context.append('Set-Cookie', `${fullName}=${value}; ${attributes}; Max-Age=${lifeSeconds}`),
    clear: (context) => context.append('Set-Cookie', `${fullName}=; ${attributes}; Max-Age=0`),
  };
}
