import { Outbound, OutboundError } from '../../../outbound.ts';
import { canonicalCode } from '../../../protocols/wechat-pay/errors.ts';
import {
  buildXml,
  parseXml,
  type V2Parameters,
  v2Signed,
  v2Verify,
} from '../../../protocols/wechat-pay/v2.ts';
import type { WalletTrace } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import type { Client, NotAnswered } from '../client.ts';
import { maskObject } from '../mask.ts';

/**
 * One call of the second version of the API: XML under HMAC-SHA256 with the merchant's v2 key. An
 * answer counts only under that signature; `return_code` FAIL is never signed, and so decides
 * nothing. Paths under /secapi/ go with the merchant's client certificate.
 * https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
export type V2Result =
  | { readonly kind: 'answer'; readonly fields: V2Parameters; readonly trace: WalletTrace }
  | NotAnswered;

const SIGN_TYPE = 'HMAC-SHA256';
const MAX_ANSWER_BYTES = 64 * 1024;

export async function callV2(
  client: Client,
  account: MerchantAccount,
  call: { path: string; parameters: V2Parameters },
): Promise<V2Result> {
  const started = performance.now();
  const operation = `POST ${call.path}`;
  const asked = { mch_id: account.mchid, ...call.parameters };
  const trace = (more: Partial<WalletTrace> = {}): WalletTrace => ({
    operation,
    duration_ms: Math.round(performance.now() - started),
    request: { target: call.path, endpoint: account.endpoint, body: maskObject(asked) },
    ...more,
  });
  const { host } = new URL(account.endpoint);
  const held = await heldBack(client, { host, account: account.id, operation });
  if (held) return { kind: 'unreachable', ...held, trace: trace({ wallet_message: held.message }) };
  const key = account.api_v2_key ?? '';
  const sent = await post(client, account, {
    path: call.path,
    host,
    xml: buildXml(v2Signed(asked, key, SIGN_TYPE)),
    timeout_ms: client.calls.get(operation)?.timeout_ms ?? client.environment.timeout_ms,
  });
  if (sent instanceof OutboundError) {
    const { message } = sent;
    if (sent.sent) return { kind: 'unknown', cause: `${sent.kind}: ${message}`, trace: trace() };
    const reason = `WeChat Pay cannot be reached: ${message}`;
    return { kind: 'unreachable', code: 'wallet_error', message: reason, trace: trace() };
  }
  const fields = parseXml(sent.body.toString('utf8')) ?? {};
  const told = trace({
    http_status: sent.status,
    ...(fields.err_code === undefined ? {} : { wallet_code: fields.err_code }),
    ...(fields.err_code_des === undefined ? {} : { wallet_message: fields.err_code_des }),
    answer: maskObject(fields),
  });
  if (sent.status !== 200) return { kind: 'unknown', cause: `HTTP ${sent.status}`, trace: told };
  return judge(account, fields, told);
}

function judge(account: MerchantAccount, fields: V2Parameters, trace: WalletTrace): V2Result {
  const unknown = (cause: string): V2Result => ({ kind: 'unknown', cause, trace });
  if (fields.return_code !== 'SUCCESS') {
    return unknown(`not understood: ${(fields.return_msg ?? '').slice(0, 100)}`);
  }
  if (!v2Verify(fields, account.api_v2_key ?? '', SIGN_TYPE)) {
    return unknown('answer not trusted: bad_signature');
  }
  if (fields.mch_id !== account.mchid) return unknown('it is about another merchant');
  if (fields.result_code === 'SUCCESS') return { kind: 'answer', fields, trace };
  const { err_code = '', err_code_des = '' } = fields;
  if (err_code === '') return unknown('neither a success nor an error code');
  const code = canonicalCode(err_code);
  if (code === 'SYSTEM_ERROR' || code === 'BANK_ERROR') return unknown(err_code);
  return { kind: 'error', status: 200, code, internal: undefined, message: err_code_des, trace };
}

async function heldBack(
  client: Client,
  call: { host: string; account: string; operation: string },
): Promise<{ code: 'rate_limited' | 'wallet_error'; message: string } | undefined> {
  const per_second = client.calls.get(call.operation)?.per_second;
  const verdict = await client.gate.enter({
    ...call,
    ...(per_second === undefined ? {} : { per_second }),
  });
  switch (verdict.kind) {
    case 'go':
      return undefined;
    case 'too_many': {
      const message = `Not sent: WeChat Pay takes ${per_second} calls a second of this kind.`;
      return { code: 'rate_limited', message };
    }
    case 'circuit_open': {
      const until = verdict.retry_at.toISOString();
      const message = `Not sent: ${call.host} failed too often and is left alone until ${until}.`;
      return { code: 'wallet_error', message };
    }
    default:
      return verdict satisfies never;
  }
}

async function post(
  client: Client,
  account: MerchantAccount,
  request: { path: string; host: string; xml: string; timeout_ms: number },
) {
  let broken = true;
  try {
    const outbound = request.path.startsWith('/secapi/')
      ? certified(client, account)
      : client.outbound;
    const answer = await outbound.send({
      method: 'POST',
      url: account.endpoint + request.path,
      headers: { 'Content-Type': 'text/xml; charset=utf-8', 'User-Agent': 'hutong' },
      body: request.xml,
      timeout_ms: request.timeout_ms,
      max_answer_bytes: MAX_ANSWER_BYTES,
    });
    broken = answer.status >= 500;
    return answer;
  } catch (error) {
    if (error instanceof OutboundError) return error;
    throw error;
  } finally {
    client.gate.leave(request.host, broken ? 'broken' : 'answered');
  }
}

/** Sockets that show the merchant's certificate, one set for each account. */
function certified(client: Client, account: MerchantAccount): Outbound {
  const { certificate } = account;
  if (certificate === undefined || !account.endpoint.startsWith('https:')) return client.outbound;
  let outbound = client.certified.get(account.id);
  if (!outbound || outbound.certificate !== certificate) {
    outbound?.sockets.stop();
    const key = account.private_key.export({ type: 'pkcs8', format: 'pem' }).toString();
    outbound = { certificate, sockets: new Outbound({ tls: { cert: certificate, key } }) };
    client.certified.set(account.id, outbound);
  }
  return outbound.sockets;
}
