import type { ServerContext } from '@modelcontextprotocol/server';

import { cleanText } from './clean-text.ts';

/** Progress of one call, for a client that asked for it. */
export interface Reporter {
  readonly report: (message: string) => void;
  /** The call is answered: whatever is still going on is nobody's business any more. */
  readonly end: () => void;
}

const MAX_NOTES = 500; // a change set of a thousand resources has more to say than anybody reads

/**
 * Tells the client of a call what is going on, as `notifications/progress`. The first of them makes the answer a stream;
 * a call without a progress token is answered in one piece, as ever.
 *
 * @returns undefined when the client did not ask
 */
export function reporterFor({ mcpReq }: Pick<ServerContext, 'mcpReq'>): Reporter | undefined {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  let [progress, last, isOpen] = [0, '', true];
  return {
    report: (message) => {
      if (!isOpen || message === last || progress >= MAX_NOTES) return;
      last = message;
      progress += 1; // how much there is to do is not known, only that it goes on
      const params = { progressToken, progress, message: cleanText(message) };
      // A client that has gone is found out by whoever writes the answer.
      mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {});
    },
    end: () => {
      isOpen = false;
    },
  };
}
