import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

import type { Traffic } from './traffic.ts';

/** A number that another part of the server keeps. */
export interface Figure {
  readonly name: string;
  readonly help: string;
  /** Undefined as long as there is none. */
  read(): number | undefined;
}

export interface Metrics {
  /** Counts one answered request. */
  observe(route: string, status: number, milliseconds: number): void;
  readonly registry: Registry;
}

const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];

export function createMetrics(figures: readonly Figure[], traffic: Traffic | undefined): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'sluice_http_requests_total',
    help: 'Answered requests by route and status.',
    labelNames: ['route', 'status'],
    registers: [registry],
  });
  const durations = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time from the first byte of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers: [registry],
  });
  for (const figure of figures) addFigure(registry, figure);
  if (traffic !== undefined) addLimits(registry, traffic);
  return {
    registry,
    observe(route, status, milliseconds) {
      requests.inc({ route, status });
      durations.observe({ route }, milliseconds / 1000);
    },
  };
}

function addFigure(registry: Registry, { name, help, ...figure }: Figure): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      const value = figure.read();
      if (value !== undefined) this.set(value);
    },
  });
}

function addLimits(registry: Registry, { reached }: Traffic): void {
  new Gauge({
    name: 'sluice_requests_limited_total',
    help: 'Requests turned away by a limit.',
    labelNames: ['limit'],
    registers: [registry],
    collect() {
      for (const [limit, count] of reached) this.set({ limit }, count);
    },
  });
}
