import { performance } from 'node:perf_hooks';
import { braced } from '../../../protocols/union-pay/message.ts';
import { BIZ, CNY, CODE_URL, stamp } from '../../../protocols/union-pay/transactions.ts';
import type {
  CloseOutcome,
  CreateOrder,
  CreateOutcome,
  PresentationData,
  QueryOutcome,
} from '../../wallet.ts';
import type { UnionPayAccount } from '../account.ts';
import { type Answered, addressOf, type Client, type Fields } from '../client.ts';
import { paymentFact } from '../facts.ts';
import { masked } from '../mask.ts';
import { isAbout, tradeName } from '../numbers.ts';
import { notBegun, refusedBy, undecided } from '../refusals.ts';
import { PAY_APP, PAY_CODE, PAY_PAGE, QUERY } from './calls.ts';

const MAX_DESCRIPTION = 32;

/** Signs and braces have a meaning of their own in raw messages. */
export function descriptionOf(description: string): string {
  const plain = description.replace(/[&={}[\]"'\r\n]/g, ' ').trim();
  return Array.from(plain).slice(0, MAX_DESCRIPTION).join('') || '订单';
}

function orderFields(order: CreateOrder): Fields {
  return {
    ...tradeName(order.wallet_reference),
    txnAmt: order.amount.toString(),
    currencyCode: CNY,
    backUrl: order.notify_url,
    payTimeout: stamp(order.expires_at),
  };
}

/** No call is made: the browser carries the signed order to the wallet itself, by POST. */
async function pageForm(
  client: Client,
  account: UnionPayAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  const started = performance.now();
  const message = await client.message(account, {
    operation: PAY_PAGE,
    fields: {
      ...orderFields(order),
      bizType: BIZ.gateway,
      channelType: order.presentation === 'h5' ? '08' : '07',
      frontUrl: order.return_url,
      riskRateInfo: braced({ commodityName: descriptionOf(order.description) }),
    },
  });
  const trace = {
    operation: PAY_PAGE,
    duration_ms: Math.round(performance.now() - started),
    request: masked(message),
  };
  const url = addressOf(account, PAY_PAGE);
  const fields = Object.fromEntries(message);
  return { kind: 'presented', presentation: { kind: 'form', url, fields }, trace };
}

type Read = (answer: Answered) => PresentationData | undefined;

function codeIn({ message }: Answered): PresentationData | undefined {
  const qr = message.get('qrCode') ?? '';
  return qr.startsWith(CODE_URL) && qr.length <= 256 ? { kind: 'qr', qr } : undefined;
}

function tnIn({ message }: Answered): PresentationData | undefined {
  const tn = message.get('tn') ?? '';
  return /^\w{10,64}$/.test(tn) ? { kind: 'app', params: { tn } } : undefined;
}

async function ordered(
  client: Client,
  account: UnionPayAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  const app = order.presentation === 'app';
  const read: Read = app ? tnIn : codeIn;
  const answer = await client.call(account, {
    operation: app ? PAY_APP : PAY_CODE,
    fields: {
      ...orderFields(order),
      bizType: app ? BIZ.gateway : BIZ.none,
      channelType: '08',
      orderDesc: descriptionOf(order.description),
    },
  });
  if (answer.kind !== 'answered') return notBegun(answer);
  if (answer.code === '12') return usedBefore(client, account, order, answer);
  if (answer.code !== '00') return refusedBy(answer);
  const presentation = read(answer);
  if (!presentation || !isMine(order.wallet_reference, answer)) {
    return { kind: 'unknown', cause: 'the answer is about another order', trace: answer.trace };
  }
  return { kind: 'presented', presentation, trace: answer.trace };
}

/** The number was taken: by this very order, paid meanwhile, or by something else. */
async function usedBefore(
  client: Client,
  account: UnionPayAccount,
  order: CreateOrder,
  answer: Answered,
): Promise<CreateOutcome> {
  const now = await queryPayment(client, account, order.wallet_reference);
  if (now.kind === 'unknown') return now;
  const paid = now.kind === 'fact' && ['paid', 'refunded'].includes(now.fact.state);
  const same = now.kind === 'fact' && now.fact.amount === order.amount;
  return refusedBy(answer, paid && same ? { '12': 'already_paid' } : {});
}

export function createPayment(
  client: Client,
  account: UnionPayAccount,
  order: CreateOrder,
): Promise<CreateOutcome> {
  switch (order.presentation) {
    case 'qr':
    case 'app':
      return ordered(client, account, order);
    case 'page':
    case 'h5':
      return pageForm(client, account, order);
    case 'in_app':
    case 'mini_program':
      throw new Error('not offered');
    default:
      return order.presentation satisfies never;
  }
}

export function isMine(reference: string, { message }: Answered): boolean {
  const said = { orderId: message.get('orderId'), txnTime: message.get('txnTime') };
  return isAbout(reference, said);
}

/** The bare question; what is asked about may be a payment or a refund. */
export function queryTrade(client: Client, account: UnionPayAccount, reference: string) {
  const fields = { ...tradeName(reference), bizType: BIZ.none };
  return client.call(account, { operation: QUERY, fields });
}

/** 34 for an order that nobody has paid: the wallet knows orders only as transactions. */
export async function queryPayment(
  client: Client,
  account: UnionPayAccount,
  wallet_reference: string,
): Promise<QueryOutcome> {
  const answer = await queryTrade(client, account, wallet_reference);
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace, message } = answer;
  if (answer.code === '34') return { kind: 'not_found', trace };
  if (answer.code !== '00') return refusedBy(answer);
  const code = message.get('origRespCode') ?? '';
  if (code === '34') return { kind: 'not_found', trace };
  const fact = code === '' ? undefined : paymentFact(message, code);
  if (!fact || !isMine(wallet_reference, answer)) {
    return { kind: 'unknown', cause: 'the answer is malformed or about another trade', trace };
  }
  return { kind: 'fact', fact, trace };
}

/**
 * UnionPay has no close: an order ends by its `payTimeout` alone. So nothing is promised here: the
 * wallet is asked, and an order that nobody has paid is one whose code may still live.
 */
export async function closePayment(
  client: Client,
  account: UnionPayAccount,
  wallet_reference: string,
): Promise<CloseOutcome> {
  const now = await queryPayment(client, account, wallet_reference);
  if (now.kind !== 'fact') return now;
  const { trace, fact } = now;
  switch (fact.state) {
    case 'paid':
    case 'refunded':
      return { kind: 'already_paid', trace };
    case 'closed':
      return { kind: 'closed', trace };
    case 'waiting':
      return { kind: 'unknown', cause: 'the payment is being decided', trace };
    default:
      return fact.state satisfies never;
  }
}
