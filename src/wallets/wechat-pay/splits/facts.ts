import {
  fenField,
  isWireObject,
  objectField,
  textField,
  timeField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type { SplitFact, SplitPartFact, SplitReturnFact } from '../../products/splits.ts';

/** What WeChat Pay says of splits and returns, in either family's words. */
const STATES: ReadonlyMap<string, SplitFact['state']> = new Map([
  ['PROCESSING', 'pending'],
  ['FINISHED', 'finished'],
  ['CLOSED', 'refused'],
]);

const RESULTS: ReadonlyMap<string, SplitPartFact['state']> = new Map([
  ['PENDING', 'pending'],
  ['SUCCESS', 'succeeded'],
  ['CLOSED', 'refused'],
]);

const RETURN_RESULTS: ReadonlyMap<string, SplitReturnFact['state']> = new Map([
  ['PROCESSING', 'pending'],
  ['SUCCESS', 'succeeded'],
  ['FAILED', 'refused'],
]);

/** The line that gives the seller what was left over: no receiver that anybody asked for. */
const REST = '解冻给分账方';

/**
 * Undefined when a field that every answer has is missing. The answer of a platform's finish says
 * no state: it is under way.
 */
export function splitFact(content: WireObject, seller: string): SplitFact | undefined {
  const split_reference = textField(content, 'out_order_no');
  const word = textField(content, 'state') ?? textField(content, 'status');
  const state = word === undefined ? 'pending' : STATES.get(word);
  const lines = content.receivers === undefined ? [] : partsOf(content.receivers);
  if (!split_reference || !state || !lines) return undefined;
  const isRest = (line: Line) => line.account === seller && line.description === REST;
  const rest = lines.filter(isRest);
  const released = fenField(content, 'finish_amount') ?? sum(rest);
  const wallet_split_id = textField(content, 'order_id');
  const wallet_transaction_id = textField(content, 'transaction_id');
  return {
    split_reference,
    ...(wallet_split_id === undefined ? {} : { wallet_split_id }),
    ...(wallet_transaction_id === undefined ? {} : { wallet_transaction_id }),
    state,
    parts: lines.filter((line) => !isRest(line)).map(({ description: _, ...part }) => part),
    ...(released === 0n ? {} : { released }),
  };
}

type Line = SplitPartFact & { readonly description: string };

function sum(lines: readonly Line[]): bigint {
  return lines.reduce((total, { amount }) => total + amount, 0n);
}

/** Undefined when a line is not understood: then nothing of the answer is. */
function partsOf(receivers: unknown): Line[] | undefined {
  if (!Array.isArray(receivers)) return undefined;
  const lines = receivers.map((given) => (isWireObject(given) ? lineOf(given) : undefined));
  return lines.every((line) => line !== undefined) ? lines : undefined;
}

function lineOf(given: WireObject): Line | undefined {
  const account = ['account', 'receiver_account', 'receiver_mchid']
    .map((name) => textField(given, name))
    .find((value) => value !== undefined);
  const amount = fenField(given, 'amount');
  // A platform's answer to the request itself may lack the result.
  const state = RESULTS.get(textField(given, 'result') ?? 'PENDING');
  if (account === undefined || amount === undefined || !state) return undefined;
  const reason = textField(given, 'fail_reason');
  // Under way, the field has the time of the beginning.
  const moved_at = state === 'succeeded' ? timeField(given, 'finish_time') : undefined;
  return {
    account,
    amount,
    state,
    ...(moved_at === undefined ? {} : { moved_at }),
    ...(state === 'refused' && reason !== undefined ? { reason } : {}),
    description: textField(given, 'description') ?? '',
  };
}

/** Undefined when a field that every answer has is missing. */
export function returnFact(content: WireObject): SplitReturnFact | undefined {
  const return_reference = textField(content, 'out_return_no');
  const amount = fenField(content, 'amount');
  const state = RETURN_RESULTS.get(textField(content, 'result') ?? '');
  if (!return_reference || amount === undefined || !state) return undefined;
  const reason = textField(content, 'fail_reason');
  const moved_at = state === 'succeeded' ? timeField(content, 'finish_time') : undefined;
  return {
    return_reference,
    state,
    amount,
    ...(moved_at === undefined ? {} : { moved_at }),
    ...(state === 'refused' && reason !== undefined ? { reason } : {}),
  };
}

/** What a receiver is told: its own part, which has arrived. */
export function splitNoticeFact(content: WireObject): SplitFact | undefined {
  const receiver = objectField(content, 'receiver');
  const split_reference = textField(content, 'out_order_no');
  const wallet_split_id = textField(content, 'order_id');
  const wallet_transaction_id = textField(content, 'transaction_id');
  const account = textField(receiver, 'account');
  const amount = fenField(receiver, 'amount');
  if (!split_reference || !wallet_split_id || !account || amount === undefined) return undefined;
  return {
    split_reference,
    wallet_split_id,
    ...(wallet_transaction_id === undefined ? {} : { wallet_transaction_id }),
    state: 'finished',
    parts: [{ account, amount, state: 'succeeded' }],
  };
}
