import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parsePrivateKey } from '../../protocols/alipay/keys.ts';
import { decodeForms } from '../../protocols/alipay/parameters.ts';
import { buildResponse, gatewayJson, responseRoot } from '../../protocols/alipay/response.ts';
import type { WalletAccount } from '../wallet.ts';
import { type Bench, openBench } from './testing.ts';

/** Genuine answers the sandbox does not give: a gateway that signs whatever a test scripts. */
let bench: Bench;
let gateway: Server;
let scripted: WalletAccount;
let script: Readonly<Record<string, Record<string, unknown>>> = {};

const QUERY = 'alipay.trade.query';
const CLOSE = 'alipay.trade.close';
const REFUND = 'alipay.trade.refund';
const REFUND_QUERY = 'alipay.trade.fastpay.refund.query';
const OK = { code: '10000', msg: 'Success' };

beforeAll(async () => {
  bench = await openBench();
  const pem = await readFile(join(bench.world.keys_dir, 'alipay_private_key.pem'), 'utf8');
  const key = parsePrivateKey(pem);
  gateway = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => {
      const method = decodeForms(body).parameters.get('method') ?? '';
      const content = gatewayJson(script[method] ?? { code: '40002' });
      void buildResponse(key, responseRoot(method), content).then((text) => response.end(text));
    });
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const address = gateway.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  scripted = bench.accountWith({ settings: { gateway: `http://127.0.0.1:${port}/gateway.do` } });
});

beforeEach(() => bench.renew());

afterAll(async () => {
  gateway.closeAllConnections();
  gateway.close();
  await bench.stop();
});

describe('a refund answered 10000', () => {
  const refund = () => bench.wallet.refund(scripted, bench.refundOf(500n, 'R1'));
  const accepted = () => ({ ...OK, out_trade_no: bench.reference, fund_change: 'N' });
  const found = { ...OK, out_request_no: 'R1', refund_status: 'REFUND_SUCCESS' };

  test('is unknown while no money has moved and no query says so', async () => {
    script = { [REFUND]: accepted(), [REFUND_QUERY]: OK };
    expect((await refund()).kind).toBe('unknown');
    const { fund_change, ...silent } = accepted();
    expect(fund_change).toBe('N');
    script = { [REFUND]: silent, [REFUND_QUERY]: OK };
    expect((await refund()).kind).toBe('unknown');
  });

  test('is decided by the query', async () => {
    script = { [REFUND]: accepted(), [REFUND_QUERY]: { ...found, refund_amount: '5.00' } };
    expect(await refund()).toMatchObject({ kind: 'fact', fact: { state: 'succeeded' } });
    const processing = { ...found, refund_amount: '5.00', refund_status: 'REFUND_PROCESSING' };
    script = { [REFUND]: accepted(), [REFUND_QUERY]: processing };
    expect(await refund()).toMatchObject({ kind: 'fact', fact: { state: 'pending' } });
    script = { [REFUND]: accepted(), [REFUND_QUERY]: { ...found, refund_amount: '4.99' } };
    expect(await refund()).toMatchObject({ kind: 'refused', code: 'reference_reused' });
    script = { [REFUND]: accepted(), [REFUND_QUERY]: { code: '20000', msg: 'busy' } };
    expect((await refund()).kind).toBe('unknown');
    script = { [REFUND]: accepted(), [REFUND_QUERY]: { ...found, out_request_no: 'R2' } };
    expect((await refund()).kind).toBe('unknown');
  });

  test('is not believed when it speaks of another order', async () => {
    script = { [REFUND]: { ...OK, out_trade_no: 'OTHER', fund_change: 'Y' } };
    expect((await refund()).kind).toBe('unknown');
  });
});

describe('system errors', () => {
  test.each([
    { code: '20000', sub_code: 'isp.unknow-error' },
    { code: '40004', sub_code: 'ACQ.SYSTEM_ERROR' },
    { code: '40004', sub_code: 'AQC.SYSTEM_ERROR' },
  ])('$sub_code leaves everything unknown', async (error) => {
    const methods = ['alipay.trade.precreate', QUERY, CLOSE, REFUND, REFUND_QUERY];
    script = Object.fromEntries(methods.map((method) => [method, error]));
    const { wallet } = bench;
    const asked = bench.refundOf(1n, 'R1');
    const outcomes = [
      await wallet.createPayment(scripted, bench.order()),
      await wallet.queryPayment(scripted, bench.reference),
      await wallet.closePayment(scripted, bench.reference),
      await wallet.refund(scripted, asked),
      await wallet.queryRefund(scripted, asked),
    ];
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(5).fill('unknown'));
  });
});

describe('definite refusals', () => {
  test.each([
    [{ code: '40006', sub_code: 'isv.insufficient-isv-permissions' }, 'not_permitted'],
    [{ code: '40005', sub_code: 'isv.app-call-limited' }, 'rate_limited'],
    [{ code: '40002', sub_code: 'isv.invalid-signature' }, 'bad_credentials'],
    [{ code: '40002', sub_code: 'isv.invalid-app-id' }, 'bad_credentials'],
    [{ code: '40001', sub_code: 'isv.missing-method' }, 'invalid_request'],
    [{ code: '40004', sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' }, 'insufficient_funds'],
    [{ code: '40004', sub_code: 'ACQ.SOMETHING_NEW' }, 'wallet_error'],
  ])('%o is %s', async (error, code) => {
    script = { [REFUND]: error };
    const outcome = await bench.wallet.refund(scripted, bench.refundOf(1n, 'R1'));
    expect(outcome).toMatchObject({ kind: 'refused', code });
    expect(outcome.trace.wallet_code).toBe(error.sub_code);
  });
});

describe('queries and closes', () => {
  const trade = () => ({
    ...OK,
    out_trade_no: bench.reference,
    trade_no: '2026112122001400000000000001',
    total_amount: '12.34',
  });

  test('an answer about another order is not a fact', async () => {
    script = { [QUERY]: { ...trade(), out_trade_no: 'OTHER', trade_status: 'TRADE_SUCCESS' } };
    expect((await bench.wallet.queryPayment(scripted, bench.reference)).kind).toBe('unknown');
    script = { [QUERY]: { ...trade(), trade_status: 'TRADE_ODD' } };
    expect((await bench.wallet.queryPayment(scripted, bench.reference)).kind).toBe('unknown');
  });

  test('a close refused for its state is decided by the query', async () => {
    const refused = { code: '40004', sub_code: 'ACQ.REASON_TRADE_STATUS_INVALID' };
    const decided: [string, string][] = [
      ['TRADE_FINISHED', 'already_paid'],
      ['TRADE_SUCCESS', 'already_paid'],
      ['TRADE_CLOSED', 'closed'],
      ['WAIT_BUYER_PAY', 'unknown'],
    ];
    for (const [trade_status, kind] of decided) {
      script = { [CLOSE]: refused, [QUERY]: { ...trade(), trade_status } };
      expect((await bench.wallet.closePayment(scripted, bench.reference)).kind).toBe(kind);
    }
  });
});
