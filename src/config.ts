import { resolve } from 'node:path';
import { z } from 'zod';

/**
 * The only reader of the environment (with `main.ts`): env → validated Config in one step. A bad
 * value stops the start with a message that names the setting and what it takes.
 */
const port = z.coerce.number().int().min(0).max(65_535);
const milliseconds = z.coerce.number().int().min(1);

/** The settings; the reference page is generated from their forms and descriptions. */
export const environment = z.object({
  HUTONG_MODE: z
    .enum(['sandbox', 'production'])
    .default('sandbox')
    .describe('What this installation is. Its database records it, for good.'),
  HUTONG_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address that hub, sandboxes, phone and demo shops listen on.'),
  HUTONG_PORT: port.default(8080).describe('Port of the hub: API, checkout, notifications.'),
  HUTONG_SANDBOX_PORT: port
    .default(8090)
    .describe(
      'First port of the sandboxes: the phone, then each wallet in a row. 0: any free ones.',
    ),
  HUTONG_SHOP_PORT: port.default(8100).describe('Port of the demo shops. 0: any free one.'),
  HUTONG_PUBLIC_URL: z
    .url()
    .optional()
    .describe('Where shoppers and wallets reach the hub; `http://host:port` when not set.'),
  HUTONG_PHONE_URL: z
    .url()
    .optional()
    .describe('The sandbox phone, linked beside codes on the checkout; set by `hutong start`.'),
  HUTONG_DATA_DIR: z
    .string()
    .min(1)
    .default('.hutong')
    .describe('Folder of the embedded PostgreSQL, keys and `sandbox.json`.'),
  HUTONG_MASTER_KEY_FILE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'File with the master key, 64 hex digits; `master.key` in the data folder if not set.',
    ),
  HUTONG_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('warn')
    .describe('Least level that is logged; `info` has a line for every request.'),
  HUTONG_DB_CONNECTIONS: z.coerce
    .number()
    .int()
    .min(3)
    .max(200)
    .default(12)
    .describe('Connections in the pool of the hub, beside those of ledger writer and jobs.'),
  HUTONG_JOB_LEASE_MS: milliseconds
    .max(60_000)
    .default(30_000)
    .describe('How long a worker that died keeps its jobs from others, milliseconds.'),
  HUTONG_JOB_POLL_MS: milliseconds
    .default(1_000)
    .describe('The slow look for due jobs, behind wakes and NOTIFY, milliseconds.'),
  HUTONG_RETRY_PACE: z.coerce
    .number()
    .positive()
    .max(10)
    .default(1)
    .describe('Multiplies every retry gap of the hub: 1 in real use, small in tests.'),
  HUTONG_NOTIFY_PACE: z.coerce
    .number()
    .positive()
    .max(10)
    .default(1)
    .describe('Multiplies the retry gaps of the sandbox wallets’ notifications.'),
  HUTONG_WALLET_TIMEOUT_MS: milliseconds
    .max(60_000)
    .default(10_000)
    .describe('Budget of one call to a wallet, milliseconds.'),
  HUTONG_RATE_LIMIT: z.coerce
    .number()
    .int()
    .min(1)
    .default(2_000)
    .describe(
      'Requests a second for each API key, and for each address of pages; bursts of twice it.',
    ),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres://')
    .optional()
    .describe('PostgreSQL 15 or newer; the embedded one when not set.'),
});

export interface Config {
  readonly mode: 'sandbox' | 'production';
  readonly host: string;
  readonly port: number;
  /** First of the sandboxes' ports: phone, then each wallet. */
  readonly sandbox_port: number;
  /** First of the demo shops' ports. */
  readonly shop_port: number;
  /** Where shoppers and wallets reach the hub from outside; by default `http://host:port`. */
  readonly public_url: string | undefined;
  /** The sandbox phone, linked from the checkout's codes; never in production. */
  readonly phone_url: string | undefined;
  readonly data_dir: string;
  readonly master_key_file: string;
  readonly log_level: string;
  readonly database_url: string | undefined;
  readonly db_connections: number;
  readonly job_lease_ms: number;
  readonly job_poll_ms: number;
  /** Multiplies every retry gap of ours; 1 in real use, small in tests. */
  readonly retry_pace: number;
  /** Multiplies the retry gaps of the sandboxes' notifications. */
  readonly notify_pace: number;
  readonly wallet_timeout_ms: number;
  /** Requests per caller and second, with as much again in a burst. */
  readonly rate_limit: number;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environment.safeParse(present);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`configuration is not valid\n  ${lines.join('\n  ')}`);
  }
  const values = parsed.data;
  const dataDir = resolve(values.HUTONG_DATA_DIR);
  return {
    mode: values.HUTONG_MODE,
    host: values.HUTONG_HOST,
    port: values.HUTONG_PORT,
    sandbox_port: values.HUTONG_SANDBOX_PORT,
    shop_port: values.HUTONG_SHOP_PORT,
    public_url: values.HUTONG_PUBLIC_URL,
    phone_url: values.HUTONG_MODE === 'sandbox' ? values.HUTONG_PHONE_URL : undefined,
    data_dir: dataDir,
    master_key_file: values.HUTONG_MASTER_KEY_FILE ?? `${dataDir}/master.key`,
    log_level: values.HUTONG_LOG_LEVEL,
    database_url: values.DATABASE_URL,
    db_connections: values.HUTONG_DB_CONNECTIONS,
    job_lease_ms: values.HUTONG_JOB_LEASE_MS,
    job_poll_ms: values.HUTONG_JOB_POLL_MS,
    retry_pace: values.HUTONG_RETRY_PACE,
    notify_pace: values.HUTONG_NOTIFY_PACE,
    wallet_timeout_ms: values.HUTONG_WALLET_TIMEOUT_MS,
    rate_limit: values.HUTONG_RATE_LIMIT,
  };
}
