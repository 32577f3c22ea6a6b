import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';

/** Prometheus metrics of this process; the process's own numbers are collected once. */
export interface HttpMetrics {
  observe(request: { method: string; route: string; status: number; seconds: number }): void;
  text(): Promise<string>;
  readonly content_type: string;
}

const BUCKETS_S = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const ofProcess = new Registry();
let collecting = false;

export function createHttpMetrics(): HttpMetrics {
  if (!collecting) {
    collectDefaultMetrics({ register: ofProcess });
    collecting = true;
  }
  const ofServer = new Registry();
  const durations = new Histogram({
    name: 'hutong_http_request_duration_seconds',
    help: 'Time from request to answer, by method, route and status.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: BUCKETS_S,
    registers: [ofServer],
  });
  return {
    observe: ({ method, route, status, seconds }) =>
      durations.observe({ method, route, status }, seconds),
    text: async () => `${await ofServer.metrics()}\n${await ofProcess.metrics()}`,
    content_type: ofServer.contentType,
  };
}
