/** Time is passed in, so that tests move it by hand instead of sleeping. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Unix seconds, the form in which the API gives times. */
export function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
