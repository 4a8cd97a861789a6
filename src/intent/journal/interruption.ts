// Why an operation stays interrupted, and what to do about each of these: kept together so that the two agree.

const WENT_AWAY = 'the server went away';
export const WENT_AWAY_BEFORE = `${WENT_AWAY} before anything was changed`;
export const WENT_AWAY_DURING = `${WENT_AWAY} while the provider acted`;
/** Of a project that another session has by now: which of the two it was nobody can tell any more. */
export const TAKEN_DURING = `${WENT_AWAY}, or the project was taken from it, while the provider acted`;
export const SET_LEFT_PLANNING = `${WENT_AWAY} while it was planned; nothing was changed`;
export const SET_LEFT_APPLYING = `${WENT_AWAY} while it was applied`;
const UNREADABLE = 'whether it was made cannot be read from the provider';

/** Whether it was interrupted because the server that worked on it is gone. */
export function isServerGone(failure: string | undefined): boolean {
  return failure?.startsWith(WENT_AWAY) === true;
}

/** The provider cannot be asked now. What the error says of having done nothing is said of the question. */
export function askingFailed(message: string): string {
  return `the provider was asked what became of it, which changes nothing, and did not say: ${message}`;
}

/** Only a person can look whether the object is there: what to look for, and what to do then. */
export function leftToPerson(type: string, resourceId: string): string {
  const id = JSON.stringify(resourceId);
  return (
    `${UNREADABLE}, because its id was not known beforehand. Look for a ${type} with the planned values. ` +
    `If it is there, import it as ${id}; if it is not, eject ${id} and create it again`
  );
}

/** @param name `operation 01J…`, or the change set that it belongs to */
export function interruptedMessage(failure: string | undefined, name: string): string {
  if (failure === WENT_AWAY_BEFORE) return `${failure}: resume ${name} to go on.`;
  if (failure?.startsWith(UNREADABLE) === true) return `${failure}.`;
  return `${failure ?? 'interrupted'}\nWhether the provider did it is not known: resume ${name} to find out.`;
}
