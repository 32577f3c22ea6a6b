import type { RefusalCode, Refused, Unknown } from '../wallet.ts';
import type { Answered, CallResult } from './client.ts';

/** What the wallet's codes mean to us, and what an answer that never came means to a call. */
const REFUSALS: Readonly<Record<string, RefusalCode>> = {
  '10': 'invalid_request',
  '11': 'bad_credentials',
  '12': 'reference_reused',
  '13': 'invalid_request',
  '31': 'not_permitted',
  '32': 'not_permitted',
  '33': 'not_permitted',
  '34': 'not_found',
  '35': 'not_permitted',
  '36': 'invalid_request',
  '37': 'rate_limited',
  '38': 'not_permitted',
  '39': 'not_permitted',
  '43': 'not_permitted',
  '64': 'insufficient_funds',
  '86': 'invalid_request',
  '88': 'invalid_request',
  '90': 'insufficient_funds',
};

/** A definite no of the wallet; what a code means to some calls only is in `also`. */
export function refusedBy(
  answer: Answered,
  also: Readonly<Record<string, RefusalCode>> = {},
): Refused {
  const known: Readonly<Record<string, RefusalCode>> = { ...REFUSALS, ...also };
  const code = (Object.hasOwn(known, answer.code) && known[answer.code]) || 'wallet_error';
  const message = `${answer.code}: ${answer.message.get('respMsg') ?? ''}`.slice(0, 1000);
  return { kind: 'refused', code, message, trace: answer.trace };
}

/** Nothing left this side, so nothing can have begun. */
export function notBegun(result: Exclude<CallResult, Answered>): Refused | Unknown {
  if (result.kind === 'unknown') return result;
  const { code, message, trace } = result;
  return { kind: 'refused', code, message, trace };
}

/** For calls about something that an earlier call may have begun: it stays open. */
export function undecided(result: Exclude<CallResult, Answered>): Unknown {
  if (result.kind === 'unknown') return result;
  return { kind: 'unknown', cause: result.message, trace: result.trace };
}
