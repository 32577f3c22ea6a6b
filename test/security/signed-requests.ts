import { shanghaiStamp } from '../../src/clock.ts';
import { encodeForm } from '../../src/protocols/alipay/parameters.ts';
import { requestParameters, signRequest } from '../../src/protocols/alipay/request.ts';
import { signRequest as signDouyin } from '../../src/protocols/douyin-pay/signature.ts';
import { certIdOf, readCertificate } from '../../src/protocols/union-pay/certificates.ts';
import { encodeForm as encodeMessage, messageOf } from '../../src/protocols/union-pay/message.ts';
import { signMessage } from '../../src/protocols/union-pay/signature.ts';
import { stamp } from '../../src/protocols/union-pay/transactions.ts';
import { buildAuthorization } from '../../src/protocols/wechat-pay/authorization.ts';
import {
  newNonce,
  requestMessage,
  rsaSign,
  unixSeconds,
} from '../../src/protocols/wechat-pay/signature.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import type { FuzzRequest } from './exchange.ts';
import { hostilePart } from './fuzz-requests.ts';
import { type Dice, hostileValue, jsonOf, mutated } from './fuzz-values.ts';
import type { HubRig } from './hub-rig.ts';
import { voices } from './wallet-voice.ts';

/** Calls of a merchant with the right keys and strange contents: they get past the signature. */
export function signedRequests(
  rig: HubRig,
  wallet: WalletName,
): (dice: Dice) => Promise<FuzzRequest> {
  const make = { wechat_pay: wechatPay, alipay, union_pay: unionPay, douyin_pay: douyinPay }[
    wallet
  ];
  return (dice) => make(rig, dice);
}

function strange(dice: Dice, content: Record<string, unknown>): string {
  return jsonOf(dice.chance(0.9) ? mutated(dice, content) : hostileValue(dice));
}

type WechatPayCall = readonly [string, string, Record<string, unknown> | undefined];

async function wechatPay(rig: HubRig, dice: Dice): Promise<FuzzRequest> {
  const { settings } = rig.sandbox('wechat_pay').merchantAccount();
  const { mchid, appid } = settings;
  const number = `N${dice.below(1_000)}`;
  const order = {
    appid,
    mchid,
    description: 'Tea',
    out_trade_no: number,
    time_expire: '2030-01-01T00:00:00+08:00',
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 100, currency: 'CNY' },
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } },
  };
  const refund = {
    out_trade_no: number,
    out_refund_no: `R${number}`,
    amount: { refund: 1, total: 100, currency: 'CNY' },
  };
  const calls: readonly [WechatPayCall, ...WechatPayCall[]] = [
    ['POST', '/v3/pay/transactions/native', order],
    ['POST', '/v3/pay/transactions/h5', order],
    ['POST', '/v3/pay/transactions/jsapi', order],
    ['POST', `/v3/pay/transactions/out-trade-no/${number}/close`, { mchid }],
    ['POST', '/v3/refund/domestic/refunds', refund],
    ['GET', `/v3/pay/transactions/out-trade-no/${number}?mchid=${String(mchid)}`, undefined],
    ['GET', `/v3/pay/transactions/id/${number}?mchid=${hostilePart(dice)}`, undefined],
    ['GET', `/v3/refund/domestic/refunds/${hostilePart(dice)}`, undefined],
    ['GET', `/v3/${hostilePart(dice)}`, undefined],
  ];
  const [method, target, content] = dice.pick(calls);
  const body = content === undefined ? '' : strange(dice, content);
  const timestamp = unixSeconds(new Date());
  const nonce = newNonce();
  const message = requestMessage({ method, target, timestamp, nonce, body });
  const authorization = buildAuthorization({
    mchid: String(mchid),
    serial_no: String(settings['serial_no']),
    nonce_str: nonce,
    timestamp,
    signature: await rsaSign(voices(rig).wechat_pay.merchant_key, message),
  });
  const headers = { authorization, accept: 'application/json', 'content-type': 'application/json' };
  return { method, target, headers, body: Buffer.from(body) };
}

type DouyinCall = readonly [string, Record<string, unknown>];

async function douyinPay(rig: HubRig, dice: Dice): Promise<FuzzRequest> {
  const { mchid, appid, serial_no } = rig.sandbox('douyin_pay').scriptAccess();
  const number = `N${dice.below(1_000)}00000`;
  const order = {
    appid,
    mchid,
    description: 'Tea',
    out_trade_no: number,
    time_expire: '2030-01-01T00:00:00+08:00',
    notify_url: 'http://127.0.0.1:9/notify',
    amount: { total: 100, currency: 'CNY' },
    scene_info: { payer_client_ip: '127.0.0.1', h5_info: { type: 'Wap' } },
  };
  const refund = {
    out_trade_no: number,
    out_refund_no: `R${number}`,
    amount: { refund: 1, total: 100, currency: 'CNY' },
  };
  const calls: readonly [DouyinCall, ...DouyinCall[]] = [
    ['transactions/native', order],
    ['transactions/h5', order],
    ['transactions/app', order],
    [`transactions/out-trade-no/${number}/close`, { mchid }],
    ['refund/domestic/refunds', refund],
  ];
  const [path, content] = dice.pick(calls);
  const target = `/v1/trade/${path}`;
  const body = strange(dice, content);
  const private_key = voices(rig).douyin_pay.merchant_key;
  const signer = { mchid: mchid ?? '', serial_no: serial_no ?? '', private_key };
  const authorization = await signDouyin(signer, {
    method: 'POST',
    target,
    body,
    now: new Date(),
  });
  return {
    method: 'POST',
    target,
    headers: { 'content-type': 'application/json', authorization },
    body: Buffer.from(body),
  };
}

const METHODS = [
  'alipay.trade.precreate',
  'alipay.trade.page.pay',
  'alipay.trade.wap.pay',
  'alipay.trade.create',
  'alipay.trade.query',
  'alipay.trade.close',
  'alipay.trade.cancel',
  'alipay.trade.refund',
  'alipay.trade.fastpay.refund.query',
  'alipay.system.oauth.token',
  '__proto__',
  'toString',
] as const;

async function alipay(rig: HubRig, dice: Dice): Promise<FuzzRequest> {
  const { settings } = rig.sandbox('alipay').merchantAccount();
  const biz = {
    out_trade_no: `N${dice.below(1_000)}`,
    total_amount: '1.00',
    refund_amount: '0.01',
    out_request_no: 'R1',
    subject: 'Tea',
    time_expire: '2030-01-01 00:00:00',
    product_code: 'FAST_INSTANT_TRADE_PAY',
    op_app_id: settings['app_id'],
    buyer_open_id: 'x',
  };
  const parameters = requestParameters({
    app_id: String(settings['app_id']),
    method: dice.pick(METHODS),
    timestamp: shanghaiStamp(new Date()),
    notify_url: 'http://127.0.0.1:9/notify',
    ...(dice.chance(0.2) ? { extra: { code: hostilePart(dice), grant_type: 'x' } } : {}),
  });
  parameters.set('biz_content', strange(dice, biz));
  await signRequest(voices(rig).alipay.merchant_key, parameters);
  return {
    method: 'POST',
    target: '/gateway.do',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: Buffer.from(encodeForm(parameters)),
  };
}

type UnionPayCall = readonly [string, string, string, string];

const UNION_PAY_CALLS: readonly [UnionPayCall, ...UnionPayCall[]] = [
  ['frontTransReq.do', '01', '01', '000201'],
  ['appTransReq.do', '01', '01', '000201'],
  ['backTransReq.do', '01', '07', '000000'],
  ['backTransReq.do', '01', '06', '000000'],
  ['backTransReq.do', '04', '00', '000000'],
  ['backTransReq.do', '31', '00', '000000'],
  ['backTransReq.do', '99', '01', '000000'],
  ['queryTrans.do', '00', '00', '000000'],
  ['queryTrans.do', '00', '02', '000000'],
  ['order.do', '01', '01', '000000'],
  ['', '76', '01', '000000'],
  ['backTransReq.do', '77', '07', '000000'],
];

async function unionPay(rig: HubRig, dice: Dice): Promise<FuzzRequest> {
  const { scriptAccess, merchantAccount } = rig.sandbox('union_pay');
  const [file, txnType, txnSubType, bizType] = dice.pick(UNION_PAY_CALLS);
  const strangeOne = dice.pick([
    'orderId',
    'txnTime',
    'txnAmt',
    'payTimeout',
    'reqReserved',
  ] as const);
  const message = messageOf({
    version: '5.1.0',
    encoding: 'utf-8',
    signMethod: '01',
    certId: certIdIn(merchantAccount().credentials['certificate'] ?? ''),
    accessType: '0',
    channelType: '08',
    merId: scriptAccess()['mer_id'],
    txnType,
    txnSubType,
    bizType,
    orderId: `ORDER${dice.below(1_000)}X`,
    txnTime: stamp(new Date()),
    txnAmt: '100',
    currencyCode: '156',
    backUrl: 'http://127.0.0.1:9/notify',
    frontUrl: 'http://127.0.0.1:9/back',
    qrNo: '6212345678901234567',
    termId: '00000001',
    origQryId: '951807261002324791038',
    fileType: '00',
    settleDate: '0119',
    [strangeOne]: dice.chance(0.7) ? jsonOf(hostileValue(dice)) : hostilePart(dice),
  });
  const signed = await signMessage(voices(rig).union_pay.merchant_key, message);
  return {
    method: 'POST',
    target: file === '' ? '/' : `/gateway/api/${file}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    body: Buffer.from(encodeMessage(signed)),
  };
}

function certIdIn(certificate: string): string {
  return certIdOf(readCertificate(certificate));
}
