import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * Structured logs on stdout, one JSON line each. Secrets and personal data are cut by path here;
 * the rule is still never to log a body, a header map or a wallet account.
 */
const REDACTED = [
  'authorization',
  'credentials',
  'secret',
  'private_key',
  'api_v3_key',
  'app_secret',
  'payer',
  'openid',
  'token',
  'checkout_url',
  'headers.authorization',
  'headers.cookie',
  '*.authorization',
  '*.credentials',
  '*.secret',
  '*.private_key',
  '*.api_v3_key',
  '*.app_secret',
  '*.payer',
  '*.openid',
  '*.token',
  '*.checkout_url',
];

export function createLog(options: { level: string; name: string }): Logger {
  return pino({
    name: options.name,
    level: options.level,
    redact: { paths: REDACTED, censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}
