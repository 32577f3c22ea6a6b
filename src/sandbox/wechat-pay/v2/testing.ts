import { expect } from 'vitest';
import {
  buildXml,
  parseXml,
  type V2Parameters,
  type V2SignType,
  v2Signed,
  v2Verify,
} from '../../../protocols/wechat-pay/v2.ts';
import { merchantOf, type RunningSandbox } from '../testing.ts';

/** Calls of the second version over a socket. */
export async function sendXml(running: RunningSandbox, path: string, xml: string) {
  const answer = await fetch(running.sandbox.url + path, { method: 'POST', body: xml });
  return { status: answer.status, fields: parseXml(await answer.text()) ?? {} };
}

export interface SignedCall {
  readonly path: string;
  readonly parameters: V2Parameters;
  /** MD5 when absent. */
  readonly type?: V2SignType;
  /** Who calls; the direct merchant when absent. */
  readonly account?: string;
}

/** The fields of an answer that was understood and is signed as its question was. */
export async function callV2(running: RunningSandbox, call: SignedCall) {
  const { type = 'MD5', account = 'direct' } = call;
  const { appid, mchid, api_v2_key } = merchantOf(running, account);
  const parameters = v2Signed({ appid, mch_id: mchid, ...call.parameters }, api_v2_key, type);
  const { fields } = await sendXml(running, call.path, buildXml(parameters));
  expect(fields.return_code).toBe('SUCCESS');
  expect(v2Verify(fields, api_v2_key, type)).toBe(true);
  return fields;
}

let counter = 0;

export function chargeOf(
  running: RunningSandbox,
  more: V2Parameters = {},
  person = 'lin',
): V2Parameters & { out_trade_no: string } {
  counter += 1;
  return {
    body: '龙井茶 <250g> & 茶具',
    out_trade_no: `V${Date.now()}N${counter}`,
    total_fee: '1234',
    spbill_create_ip: '127.0.0.1',
    auth_code: running.sandbox.payerCode(person).code,
    ...more,
  };
}
