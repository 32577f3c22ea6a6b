import { type Outbound, type OutboundAnswer, OutboundError } from '../../../outbound.ts';
import { buildAuthorization } from '../../../protocols/wechat-pay/authorization.ts';
import {
  newNonce,
  requestMessage,
  rsaSign,
  unixSeconds,
} from '../../../protocols/wechat-pay/signature.ts';
import type { CallGate } from '../../call-gate.ts';
import type { WalletCall } from '../../calls.ts';
import type { WalletEnvironment } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import type { Echoes } from './echoes.ts';
import type { CertificateRing } from './ring.ts';

/** What every call of this connector shares. */
export interface Client {
  readonly environment: WalletEnvironment;
  readonly outbound: Outbound;
  /** Sockets that show a merchant's certificate, by account. */
  readonly certified: Map<string, { readonly certificate: string; readonly sockets: Outbound }>;
  readonly gate: CallGate;
  /** Platform certificates by account. */
  readonly ring: CertificateRing;
  /** Self-tests that wait for their notification. */
  readonly echoes: Echoes;
  /** The connector's calls by `METHOD path`. */
  readonly calls: ReadonlyMap<string, WalletCall>;
}

/** One request in bytes; what is signed may be less than what is sent (uploads). */
export interface Outgoing {
  readonly method: 'GET' | 'POST';
  /** Path and query, encoded. */
  readonly target: string;
  /** `METHOD path` with its variables in braces, as in the table of calls. */
  readonly operation: string;
  readonly signed: string;
  readonly body?: string | Buffer;
  readonly content_type?: string;
  /** Names the wallet's key that encrypted fields of the body. */
  readonly serial?: string | undefined;
  readonly max_answer_bytes: number;
}

export type Sent =
  | { readonly kind: 'answered'; readonly answer: OutboundAnswer; readonly endpoint: string }
  | { readonly kind: 'failed'; readonly error: OutboundError }
  /** Refused on this side, before any byte left. */
  | { readonly kind: 'held'; readonly code: 'rate_limited' | 'wallet_error'; message: string };

/** The first host's part of the budget where a second one may follow. */
const FIRST_SHARE = 0.6;
const LEAST_TIME_MS = 100;

/**
 * Through the gate, signed, to the first host; a repeatable call also to the second host, when the
 * first one broke and time is left. Anything else goes out once at most.
 */
export async function send(
  client: Client,
  account: MerchantAccount,
  outgoing: Outgoing,
): Promise<Sent> {
  const rules = client.calls.get(outgoing.operation);
  const budget = rules?.timeout_ms ?? client.environment.timeout_ms;
  const second = rules?.repeatable ? account.fallback_endpoint : undefined;
  const started = performance.now();
  const first = await attempt(client, account, {
    outgoing,
    endpoint: account.endpoint,
    timeout_ms: second === undefined ? budget : budget * FIRST_SHARE,
    per_second: rules?.per_second,
  });
  const left = budget - (performance.now() - started);
  if (second === undefined || !isBroken(first) || left < LEAST_TIME_MS) return first;
  const other = await attempt(client, account, {
    outgoing,
    endpoint: second,
    timeout_ms: left,
    per_second: undefined,
  });
  return other.kind === 'answered' ? other : first;
}

/** No answer, or one of a gateway whose server is away. */
function isBroken(sent: Sent): boolean {
  if (sent.kind === 'answered') return [502, 503, 504].includes(sent.answer.status);
  return sent.kind === 'failed' || sent.code === 'wallet_error';
}

interface Attempt {
  readonly outgoing: Outgoing;
  readonly endpoint: string;
  readonly timeout_ms: number;
  readonly per_second: number | undefined;
}

async function attempt(client: Client, account: MerchantAccount, at: Attempt): Promise<Sent> {
  const { host } = new URL(at.endpoint);
  const { operation } = at.outgoing;
  const verdict = await client.gate.enter({
    host,
    account: account.id,
    operation,
    ...(at.per_second === undefined ? {} : { per_second: at.per_second }),
  });
  switch (verdict.kind) {
    case 'too_many':
      return {
        kind: 'held',
        code: 'rate_limited',
        message: `Not sent: WeChat Pay takes ${at.per_second} calls a second of this kind.`,
      };
    case 'circuit_open': {
      const until = verdict.retry_at.toISOString();
      const message = `Not sent: ${host} failed too often and is left alone until ${until}.`;
      return { kind: 'held', code: 'wallet_error', message };
    }
    case 'go':
      return exchange(client, account, { ...at, host });
    default:
      return verdict satisfies never;
  }
}

async function exchange(
  client: Client,
  account: MerchantAccount,
  at: Attempt & { host: string },
): Promise<Sent> {
  let broken = true;
  try {
    const { method, target, body } = at.outgoing;
    const answer = await client.outbound.send({
      method,
      url: at.endpoint + target,
      headers: await headersOf(client, account, at.outgoing),
      ...(body === undefined ? {} : { body }),
      timeout_ms: Math.ceil(at.timeout_ms),
      max_answer_bytes: at.outgoing.max_answer_bytes,
    });
    broken = answer.status >= 500;
    return { kind: 'answered', answer, endpoint: at.endpoint };
  } catch (error) {
    if (error instanceof OutboundError) return { kind: 'failed', error };
    throw error;
  } finally {
    client.gate.leave(at.host, broken ? 'broken' : 'answered');
  }
}

async function headersOf(
  client: Client,
  account: MerchantAccount,
  { method, target, signed, content_type, serial }: Outgoing,
): Promise<Record<string, string>> {
  const timestamp = unixSeconds(client.environment.real());
  const nonce = newNonce();
  const message = requestMessage({ method, target, timestamp, nonce, body: signed });
  const authorization = buildAuthorization({
    mchid: account.mchid,
    serial_no: account.serial_no,
    nonce_str: nonce,
    timestamp,
    signature: await rsaSign(account.private_key, message),
  });
  // A certificate is named only where it encrypted something: one that is gone would be refused.
  const wanted = serial ?? account.public_key_id;
  return {
    Accept: 'application/json',
    'User-Agent': 'hutong',
    ...(wanted === undefined ? {} : { 'Wechatpay-Serial': wanted }),
    ...(content_type === undefined ? {} : { 'Content-Type': content_type }),
    Authorization: authorization,
  };
}
