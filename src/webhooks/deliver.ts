import type { App } from '../app.ts';
import type { Book } from '../ids.ts';
import { jitter } from '../jobs/backoff.ts';
import { errorText } from '../jobs/error-text.ts';
import type { Job, JobResult, JobSpec } from '../jobs/jobs.ts';
import { OutboundError } from '../outbound.ts';
import { createBatcher } from './batcher.ts';
import { updateEndpoint } from './endpoint-queries.ts';
import { renderEvent } from './event.ts';
import {
  type DeliveryToMake,
  failDelivery,
  loadDeliveries,
  recordTries,
  type TryRecord,
} from './queries.ts';
import { createSigners, type Signers, webhookHeaders } from './signing.ts';

/**
 * Makes deliveries: one signed POST a try, answered with 2xx within 10 s or tried again on the
 * schedule below, each gap with 25 % jitter. 410 disables the endpoint. Receivers see events at
 * least once and in any order: `webhook-id` tells doubles, `sequence` tells the order.
 */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Gaps after the first, second, … failed try; 13 tries in about three days. */
export const RETRY_GAPS_MS: readonly number[] = [
  5 * SECOND,
  30 * SECOND,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  8 * HOUR,
  12 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

const TRY_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;
const MAX_IN_FLIGHT = 96;
/** So that one slow receiver leaves slots for the others. */
const MAX_IN_FLIGHT_PER_ENDPOINT = 48;
const BUSY_GAP_MS = 200;

interface Deliverer {
  readonly signers: Signers;
  readonly in_flight: Map<string, number>;
  load(book: Book, id: string): Promise<DeliveryToMake | undefined>;
  record(book: Book, record: TryRecord): Promise<unknown>;
}

const deliverers = new WeakMap<App, Deliverer>();

export const deliverWebhook: JobSpec = {
  kind: 'webhook.deliver',
  // Tries of the job count only our own mishaps; those of the delivery are on its row.
  max_tries: 10,
  concurrency: MAX_IN_FLIGHT,
  first_gap_ms: SECOND,
  max_gap_ms: 5 * MINUTE,
  run(app, job) {
    const deliverer = deliverers.get(app) ?? createDeliverer(app);
    deliverers.set(app, deliverer);
    return deliver(app, deliverer, job);
  },
};

function createDeliverer(app: App): Deliverer {
  const loads = new Map<Book, ReturnType<typeof loader>>();
  const records = new Map<Book, ReturnType<typeof recorder>>();
  const loader = (book: Book) =>
    createBatcher<string, DeliveryToMake>({
      run: (ids) => loadDeliveries(app.db, { book, ids }),
      keyOf: (id) => id,
    });
  const recorder = (book: Book) =>
    createBatcher<TryRecord, true>({
      run: async (tries) => {
        await recordTries(app.db, { book, tries });
        return new Map();
      },
      keyOf: (record) => record.id,
    });
  return {
    signers: createSigners(app.vault),
    in_flight: new Map(),
    load: (book, id) => ofBook(loads, book, loader).ask(id),
    record: (book, record) => ofBook(records, book, recorder).ask(record),
  };
}

function ofBook<T>(map: Map<Book, T>, book: Book, make: (book: Book) => T): T {
  const made = map.get(book) ?? make(book);
  map.set(book, made);
  return made;
}

async function deliver(app: App, deliverer: Deliverer, job: Job): Promise<JobResult> {
  const delivery = await deliverer.load(job.book, job.key);
  if (!delivery?.enabled) {
    const reason = delivery ? 'the endpoint is disabled' : 'the endpoint was deleted';
    await failDelivery(app.db, { book: job.book, id: job.key, reason });
    return { done: true };
  }
  // An earlier run of this job ended it and died before it could say so.
  if (delivery.state !== 'pending') return { done: true };
  const { endpoint_id } = delivery;
  const busy = deliverer.in_flight.get(endpoint_id) ?? 0;
  if (busy >= MAX_IN_FLIGHT_PER_ENDPOINT) return { again_in_ms: jitter(BUSY_GAP_MS) };
  deliverer.in_flight.set(endpoint_id, busy + 1);
  const answer = await attempt(app, deliverer.signers, delivery).finally(() => {
    const now = (deliverer.in_flight.get(endpoint_id) ?? 1) - 1;
    if (now > 0) deliverer.in_flight.set(endpoint_id, now);
    else deliverer.in_flight.delete(endpoint_id);
  });
  if (answer.last_status === 410) {
    const disabled_reason = 'the receiver answered 410 Gone';
    await updateEndpoint(app.db, endpoint_id, { state: 'disabled', disabled_reason });
  }
  return conclude(app, deliverer, job, { delivery, answer });
}

interface TryAnswer {
  readonly last_status: number | null;
  readonly last_error: string | null;
}

async function attempt(app: App, signers: Signers, delivery: DeliveryToMake): Promise<TryAnswer> {
  const { endpoint_id, event, secret, previous_secret } = delivery;
  const body = JSON.stringify(renderEvent(event, { livemode: app.config.mode === 'production' }));
  const timestamp = Math.floor(app.clock.real().getTime() / SECOND);
  const sealed = previous_secret ? [secret, previous_secret] : [secret];
  const signing = sealed.map((one) => signers.of(endpoint_id, one));
  try {
    const { status } = await app.outbound.send({
      method: 'POST',
      url: delivery.url,
      headers: webhookHeaders({ id: event.id, timestamp, body }, signing),
      body,
      timeout_ms: TRY_TIMEOUT_MS,
      max_answer_bytes: MAX_ANSWER_BYTES,
    });
    return { last_status: status, last_error: problemOf(status) };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    return { last_status: null, last_error: errorText(`${error.kind}: ${error.message}`) };
  }
}

function problemOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) {
    return `answered ${status}: redirects are not followed, register the final URL`;
  }
  return `answered ${status}`;
}

async function conclude(
  app: App,
  deliverer: Deliverer,
  job: Job,
  { delivery, answer }: { delivery: DeliveryToMake; answer: TryAnswer },
): Promise<JobResult> {
  const record = { id: delivery.id, ...answer };
  if (answer.last_error === null) {
    await deliverer.record(job.book, { ...record, state: 'delivered', next_in_ms: null });
    return { done: true };
  }
  const gap = RETRY_GAPS_MS[delivery.tries - triesBefore(job)];
  if (gap === undefined || answer.last_status === 410) {
    await deliverer.record(job.book, { ...record, state: 'failed', next_in_ms: null });
    app.log.warn({ delivery: delivery.id, endpoint: delivery.endpoint_id }, 'a webhook failed');
    return { done: true };
  }
  const next_in_ms = jitter(gap * app.config.retry_pace);
  await deliverer.record(job.book, { ...record, state: 'pending', next_in_ms });
  return { again_in_ms: next_in_ms };
}

/** A replay starts the schedule anew and keeps counting the tries. */
function triesBefore(job: Job): number {
  const before = job.payload.tries_before;
  return typeof before === 'number' ? before : 0;
}
