/** The state of the parts of the server, for people and for load balancers. */
export interface HealthReport {
  /** Whether requests can be served. */
  readonly ready: boolean;
  readonly [part: string]: unknown;
}

export type Health = () => Promise<HealthReport>;
