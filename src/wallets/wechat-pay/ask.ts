import type { WireObject } from '../../protocols/wechat-pay/messages.ts';
import type { Refused, Traced, Unknown } from '../wallet.ts';
import type { MerchantAccount } from './account.ts';
import { type Call, type CallResult, type Client, callWallet } from './client.ts';
import { refusalCode, toOutcome, unreadable } from './refusals.ts';

/** A call and what its answer says; `read` gives a sentence where it is not what was asked for. */
export interface Wish<F> {
  readonly call: Call;
  readonly read: (content: WireObject) => F | string;
}

export type Told<F> = ({ readonly kind: 'fact'; readonly fact: F } & Traced) | Refused | Unknown;
export type Asked<F> = Told<F> | ({ readonly kind: 'not_found' } & Traced);

/**
 * A call that makes something or moves money. That this try never left says nothing of an earlier
 * one under the same number: unknown.
 */
export async function tell<F extends object>(
  client: Client,
  account: MerchantAccount,
  { call, read }: Wish<F>,
): Promise<Told<F>> {
  const result = await callWallet(client, account, call);
  if (result.kind !== 'unreachable') return readResult(result, read);
  return { kind: 'unknown', cause: result.message, trace: result.trace };
}

/** A call that only asks. */
export async function ask<F extends object>(
  client: Client,
  account: MerchantAccount,
  { call, read }: Wish<F>,
): Promise<Asked<F>> {
  const result = await callWallet(client, account, call);
  if (result.kind === 'error' && refusalCode(result) === 'not_found') {
    return { kind: 'not_found', trace: result.trace };
  }
  return readResult(result, read);
}

export function readResult<F extends object>(result: CallResult, read: Wish<F>['read']): Told<F> {
  if (result.kind !== 'answer') return toOutcome(result);
  const { content, trace } = result;
  const fact = read(content);
  if (typeof fact === 'string') return unreadable(trace, fact);
  return { kind: 'fact', fact, trace };
}
