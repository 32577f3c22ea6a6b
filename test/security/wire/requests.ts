import { createPrivateKey } from 'node:crypto';
import { shanghaiStamp } from '../../../src/clock.ts';
import { decodeForms, encodeForm } from '../../../src/protocols/alipay/parameters.ts';
import { signRequest as signAlipay } from '../../../src/protocols/alipay/request.ts';
import { authorization, authText, v3Path, v3Verb } from '../../../src/protocols/alipay/v3.ts';
import { signRequest as signDouyin } from '../../../src/protocols/douyin-pay/signature.ts';
import {
  decodeForm,
  encodeForm as encodeMessage,
} from '../../../src/protocols/union-pay/message.ts';
import { signMessage } from '../../../src/protocols/union-pay/signature.ts';
import { stamp } from '../../../src/protocols/union-pay/transactions.ts';
import { buildAuthorization } from '../../../src/protocols/wechat-pay/authorization.ts';
import {
  newNonce,
  requestMessage,
  rsaSign,
  unixSeconds,
} from '../../../src/protocols/wechat-pay/signature.ts';
import type { SandboxAccount } from '../../../src/sandbox/sandbox.ts';
import type { FuzzRequest } from '../exchange.ts';
import { hostilePart } from '../fuzz-requests.ts';
import { type Dice, HOSTILE_TEXTS, hostileValue, jsonOf, mutated } from '../fuzz-values.ts';
import { objectIn } from '../hub-rig.ts';
import { type Asked, standBetween } from './between.ts';
import type { Wire } from './rig.ts';

/** Calls of a merchant with the right key and contents near to genuine ones, or far from them. */
export type Maker = (dice: Dice, nth: number) => Promise<FuzzRequest>;

const JSON_HEADERS = {
  accept: 'application/json',
  'user-agent': 'x',
  'content-type': 'application/json',
};
const FORM_HEADERS = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

/** What the connector sends in a payment's life: the samples that are changed below. */
async function recorded(wire: Wire): Promise<readonly Asked[]> {
  const between = await standBetween(wire);
  const account = wire.account({ url: between.url });
  const order = wire.order();
  const paid = await wire.paid();
  const refund = wire.refundOf(paid);
  await wire.wallet.createPayment(account, order);
  await wire.wallet.createPayment(account, wire.order({ presentation: 'h5' }));
  await wire.wallet.createPayment(account, wire.order({ presentation: 'app' }));
  await wire.wallet.queryPayment(account, paid.wallet_reference);
  await wire.wallet.closePayment(account, order.wallet_reference);
  await wire.wallet.refund(account, refund);
  await wire.wallet.queryRefund(account, refund);
  await wire.wallet.bills?.fetch(account, { kind: 'payments', date: '2026-01-05' });
  return between.heard.map(({ asked }) => asked);
}

function strange(dice: Dice, sample: Record<string, unknown>): string {
  return jsonOf(dice.chance(0.85) ? mutated(dice, sample) : hostileValue(dice));
}

/** A path of the wallet’s table, its variables filled with numbers that look right or do not. */
function filled(dice: Dice, path: string, known: readonly string[]): string {
  return path.replaceAll(/\{\w+\}/g, () => {
    const number = known[dice.below(known.length)] ?? 'N1';
    return dice.chance(0.6) ? number : hostilePart(dice);
  });
}

function pickOne<T>(dice: Dice, list: readonly T[]): T {
  const found = list[dice.below(list.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
}

interface JsonCall {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

type SignJson = (call: JsonCall) => Promise<string>;

function signerOf(
  wire: Wire,
  { settings, credentials }: Pick<SandboxAccount, 'settings' | 'credentials'>,
): SignJson {
  const private_key = createPrivateKey(credentials['private_key'] ?? '');
  const mchid = String(settings['mchid']);
  const serial_no = String(settings['serial_no']);
  if (wire.name === 'douyin_pay') {
    return (call) => signDouyin({ mchid, serial_no, private_key }, { ...call, now: new Date() });
  }
  return async (call) => {
    const timestamp = unixSeconds(new Date());
    const nonce_str = newNonce();
    const message = requestMessage({ ...call, timestamp, nonce: nonce_str });
    const signature = await rsaSign(private_key, message);
    return buildAuthorization({ mchid, serial_no, nonce_str, timestamp, signature });
  };
}

/** WeChat Pay and Douyin Pay: JSON under a signature in the Authorization header. */
async function jsonMaker(wire: Wire): Promise<Maker> {
  const samples = (await recorded(wire)).filter(({ target }) => /^\/v[13]\//.test(target));
  const numbers = samples.flatMap(({ target }) => /no\/(\w+)/.exec(target)?.[1] ?? []);
  const bodies = samples.map(({ body }) => objectIn(body));
  const routes = wire.sandbox.coverage
    .map(({ call }) => call)
    .filter((call) => / \/v[13]\//.test(call));
  const signers = wire.sandbox.accounts().map((account) => signerOf(wire, account));
  const [first] = signers;
  if (!first) throw new Error('no merchants');
  return async (dice) => {
    let call: JsonCall;
    if (dice.chance(0.5)) {
      const { method, target, body } = pickOne(dice, samples);
      call = { method, target, body: body === '' ? '' : strange(dice, objectIn(body)) };
    } else {
      const [method = 'GET', path = '/'] = pickOne(dice, routes).split(' ');
      const query = dice.chance(0.4) ? `?${hostilePart(dice)}=${hostilePart(dice)}&mchid=1` : '';
      const body = method === 'GET' ? '' : strange(dice, pickOne(dice, bodies));
      call = { method, target: filled(dice, path, numbers) + query, body };
    }
    // The signature covers UTF-8, which has no half of a surrogate pair.
    const body = Buffer.from(call.body, 'utf8');
    // Partners and platforms may call what a direct merchant may not.
    const sign = dice.chance(0.5) ? first : pickOne(dice, signers);
    const header = await sign({ ...call, body: body.toString('utf8') });
    const { method, target } = call;
    return { method, target, headers: { ...JSON_HEADERS, authorization: header }, body };
  };
}

/** gateway.do and OpenAPI v3 of Alipay, all methods of the sandbox's table. */
async function alipayMaker(wire: Wire): Promise<Maker> {
  const samples = (await recorded(wire)).map(({ body }) => decodeForms(body).parameters);
  const methods = wire.sandbox.coverage.map(({ call }) => call);
  const { settings, credentials } = wire.sandbox.merchantAccount();
  const key = createPrivateKey({
    key: Buffer.from(
      (credentials['private_key'] ?? '').replace(/-----[A-Z ]+-----|\s/g, ''),
      'base64',
    ),
    format: 'der',
    type: 'pkcs1',
  });
  const app_id = String(settings['app_id']);
  return async (dice, nth) => {
    const sample = pickOne(dice, samples);
    const own = dice.chance(0.5) ? (sample.get('method') ?? '') : pickOne(dice, methods);
    const biz = strange(dice, objectIn(sample.get('biz_content') ?? '{}'));
    if (dice.chance(0.3)) {
      const verb = v3Verb(own);
      const target =
        v3Path(own) +
        (verb === 'GET'
          ? `?a=${hostilePart(dice)}&__proto__=%7B%22out_trade_no%22%3A%22A%22%7D`
          : '');
      const body = Buffer.from(verb === 'GET' ? '' : biz, 'utf8');
      const auth = authText({ app_id, nonce: `n${nth}${newNonce()}`, timestamp: `${Date.now()}` });
      const signed = await authorization(key, { auth, verb, target, body: body.toString('utf8') });
      return { method: verb, target, headers: { ...JSON_HEADERS, authorization: signed }, body };
    }
    const parameters = new Map(sample);
    parameters.set('method', own);
    parameters.set('timestamp', shanghaiStamp(new Date()));
    parameters.set('biz_content', Buffer.from(biz, 'utf8').toString('utf8'));
    if (dice.chance(0.2)) {
      const name = dice.pick([
        'charset',
        'format',
        'version',
        'notify_url',
        'app_auth_token',
        'encrypt_type',
        'return_url',
        '__proto__',
      ] as const);
      parameters.set(name, Buffer.from(dice.pick(HOSTILE_TEXTS)).toString('utf8'));
    }
    parameters.delete('sign');
    await signAlipay(key, parameters);
    const body = Buffer.from(encodeForm(parameters));
    return { method: 'POST', target: '/gateway.do', headers: FORM_HEADERS, body };
  };
}

/** Every kind of trade of the UnionPay sandbox. */
async function unionPayMaker(wire: Wire): Promise<Maker> {
  const samples = (await recorded(wire)).map(({ target, body }) => ({
    target,
    message: decodeForm(body) ?? new Map<string, string>(),
  }));
  const calls = wire.sandbox.coverage.map(({ call }) => call.split(/[ /]/));
  const key = createPrivateKey(wire.sandbox.merchantAccount().credentials['private_key'] ?? '');
  return async (dice) => {
    const sample = pickOne(dice, samples);
    const message = new Map(sample.message);
    let { target } = sample;
    if (dice.chance(0.4)) {
      const [file = '', type = '', sub = ''] = pickOne(dice, calls);
      target = file === 'fileTransfer' ? '/' : `/gateway/api/${file}`;
      message.set('txnType', type).set('txnSubType', sub);
      if (dice.chance(0.5)) message.set('txnTime', stamp(new Date()));
    }
    const names = [...message.keys(), '__proto__', 'qrNo', 'origQryId', 'settleDate', 'fileType'];
    for (let count = dice.below(3); count > 0; count -= 1) {
      const value = dice.chance(0.3) ? jsonOf(hostileValue(dice)) : dice.pick(HOSTILE_TEXTS);
      message.set(pickOne(dice, names), Buffer.from(value, 'utf8').toString('utf8'));
    }
    message.delete('signature');
    const signed = await signMessage(key, message);
    return {
      method: 'POST',
      target,
      headers: FORM_HEADERS,
      body: Buffer.from(encodeMessage(signed)),
    };
  };
}

/** Signed calls of one wallet's merchant. */
export function signedMaker(wire: Wire): Promise<Maker> {
  const make = {
    wechat_pay: jsonMaker,
    douyin_pay: jsonMaker,
    alipay: alipayMaker,
    union_pay: unionPayMaker,
  };
  return make[wire.name](wire);
}
