type Unit = 'ms' | 's' | 'bytes' | 'count' | 'fen';

/** What it is for a reader; the file below `src/`, and the constant in it; its unit. */
export type Limit = readonly [what: string, file: string, name: string, unit: Unit];

export const LIMITS: Readonly<Record<string, readonly Limit[]>> = {
  Requests: [
    ['Body of an API call', 'http/body.ts', 'MAX_BODY_BYTES', 'bytes'],
    ['Body of a notification', 'notifications/routes.ts', 'MAX_BODY', 'bytes'],
    ['Depth of nesting in JSON', 'http/canonical-json.ts', 'MAX_DEPTH', 'count'],
    ['Length of a URL', 'http/server.ts', 'MAX_URL_LENGTH', 'count'],
    ['Request line and headers', 'http/listen.ts', 'MAX_HEADER_BYTES', 'bytes'],
    ['Time for the headers to arrive', 'http/listen.ts', 'HEADERS_TIMEOUT_MS', 'ms'],
    ['Time for a request to arrive', 'http/listen.ts', 'REQUEST_TIMEOUT_MS', 'ms'],
    ['Connections of a hub', 'http/listen.ts', 'MAX_CONNECTIONS', 'count'],
    ['Time for running requests when the hub stops', 'http/listen.ts', 'DRAIN_MS', 'ms'],
    ['Objects of a page of a list', 'http/pagination.ts', 'MAX_LIMIT', 'count'],
    ['The same when `limit` is not given', 'http/pagination.ts', 'DEFAULT_LIMIT', 'count'],
    ['Pairs of `metadata`', 'http/schemas.ts', 'MAX_PAIRS', 'count'],
    [
      'A revoked key is refused by every process within',
      'http/authentication.ts',
      'CACHE_MS',
      'ms',
    ],
  ],
  Payments: [
    ['Largest amount', 'money.ts', 'MAX_AMOUNT', 'fen'],
    ['Items of an order', 'payments/schemas.ts', 'MAX_ITEMS', 'count'],
    [
      'Life of a payment when `expires_at` is not given',
      'payments/payment.ts',
      'DEFAULT_EXPIRY_MS',
      'ms',
    ],
    ['Shortest life', 'payments/payment.ts', 'MIN_EXPIRY_MS', 'ms'],
    ['Longest life', 'payments/payment.ts', 'MAX_EXPIRY_MS', 'ms'],
    ['First question after a code was shown', 'attempts/answer.ts', 'AFTER_PRESENTED_MS', 'ms'],
    ['First question after an unknown answer', 'attempts/answer.ts', 'AFTER_UNKNOWN_MS', 'ms'],
    ['Longest gap between questions', 'attempts/look-again.ts', 'LONGEST_GAP_MS', 'ms'],
    [
      'Least gap between questions for a shopper who waits',
      'attempts/look-again.ts',
      'THROTTLE_MS',
      'ms',
    ],
    [
      'An abandoned attempt is asked about until its end and',
      'payments/close.ts',
      'GRACE_MS',
      'ms',
    ],
    ['Entries of a timeline', 'payments/timeline.ts', 'MAX_ENTRIES', 'count'],
  ],
  Webhooks: [
    ['Endpoints of a platform', 'webhooks/endpoint.ts', 'MAX_ENDPOINTS', 'count'],
    ['Length of an endpoint’s URL', 'webhooks/endpoint.ts', 'MAX_URL_LENGTH', 'count'],
    ['Time for an answer', 'webhooks/deliver.ts', 'TRY_TIMEOUT_MS', 'ms'],
    ['Size of an answer', 'webhooks/deliver.ts', 'MAX_ANSWER_BYTES', 'bytes'],
    ['Deliveries at once', 'webhooks/deliver.ts', 'MAX_IN_FLIGHT', 'count'],
    [
      'Deliveries at once to one endpoint',
      'webhooks/deliver.ts',
      'MAX_IN_FLIGHT_PER_ENDPOINT',
      'count',
    ],
    ['Overlap of two secrets when none is given', 'webhooks/routes.ts', 'DEFAULT_OVERLAP_S', 's'],
    ['Longest overlap of two secrets', 'webhooks/routes.ts', 'MAX_OVERLAP_S', 's'],
    ['How often events get their positions', 'webhooks/sealer.ts', 'EVERY_MS', 'ms'],
  ],
  'Ledger and jobs': [
    ['Moves of one batch', 'ledger/writer.ts', 'MAX_BATCH', 'count'],
    ['Moves that may wait', 'ledger/writer.ts', 'MAX_WAITING', 'count'],
    ['Jobs claimed at once', 'jobs/worker.ts', 'MAX_CLAIM', 'count'],
    ['Longest run of one job', 'jobs/worker.ts', 'MAX_RUN_MS', 'ms'],
    ['Time for running jobs when the hub stops', 'jobs/worker.ts', 'STOP_LIMIT_MS', 'ms'],
  ],
  'Embedded PostgreSQL': [
    ['Time to become ready', 'db/postgres-process.ts', 'READY_LIMIT_MS', 'ms'],
    ['Time to stop', 'db/postgres-server.ts', 'STOP_LIMIT_MS', 'ms'],
    ['Wait for another process that migrates', 'db/migrate.ts', 'LOCK_TIMEOUT_MS', 'ms'],
  ],
  'Client (`hutong/client`)': [
    ['Time for one try', 'client/transport.ts', 'TIMEOUT_MS', 'ms'],
    ['Further tries', 'client/transport.ts', 'MAX_RETRIES', 'count'],
    ['Longest gap between tries', 'client/transport.ts', 'MAX_GAP_MS', 'ms'],
    ['Longest `Retry-After` that is honoured', 'client/transport.ts', 'MAX_RETRY_AFTER_MS', 'ms'],
    ['Age of a webhook’s timestamp', 'client/verify-webhook.ts', 'TOLERANCE_S', 's'],
  ],
  Sandbox: [
    ['Time for one try of a notification', 'sandbox/notifier.ts', 'TRY_TIMEOUT_MS', 'ms'],
    ['Notifications at once of one wallet', 'sandbox/notifier.ts', 'MAX_IN_FLIGHT', 'count'],
    ['Largest move of the clock', 'sandbox/phone/api/routes.ts', 'MAX_ADVANCE_MS', 'ms'],
    ['Copies of a duplicated notification', 'sandbox/phone/api/faults.ts', 'MAX_COPIES', 'count'],
    ['Delay of a delayed notification', 'sandbox/phone/api/faults.ts', 'MAX_DELAY_MS', 'ms'],
  ],
};
