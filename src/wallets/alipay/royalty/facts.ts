import { fenOf, parseStamp } from '../../../protocols/alipay/trade.ts';
import type { SplitFact, SplitPartFact } from '../../products/splits.ts';
import type { Fields } from '../facts.ts';

/** What the wallet says of a split, in a query answer or in its message. */
const STATES: ReadonlyMap<unknown, SplitPartFact['state']> = new Map([
  ['SUCCESS', 'succeeded'],
  ['FAIL', 'refused'],
  ['PROCESSING', 'pending'],
] as const);

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function partOf(line: Fields): SplitPartFact | undefined {
  const account = text(line['trans_in_open_id']) ?? text(line['trans_in']);
  const amount = fenOf(text(line['amount']) ?? '');
  const state = STATES.get(line['state']);
  if (account === undefined || amount === undefined || !state) return undefined;
  const reason = text(line['error_code']);
  const moved_at = state === 'succeeded' ? parseStamp(text(line['execute_dt']) ?? '') : undefined;
  return {
    account,
    amount,
    state,
    ...(reason !== undefined && { reason }),
    ...(moved_at !== undefined && { moved_at }),
  };
}

/** Undefined when a line cannot be read: then nothing is known of the split. */
export function splitFact(fields: Fields, wallet_transaction_id?: string): SplitFact | undefined {
  const split_reference = text(fields['out_request_no']);
  const list = fields['royalty_detail_list'] ?? [];
  if (split_reference === undefined || !Array.isArray(list)) return undefined;
  const parts: SplitPartFact[] = [];
  for (const line of list) {
    if (typeof line !== 'object' || line === null) return undefined;
    const fields: Fields = line;
    if (fields['operation_type'] !== 'transfer') continue;
    const part = partOf(fields);
    if (!part) return undefined;
    parts.push(part);
  }
  const settle_no = text(fields['settle_no']);
  const trade_no = text(fields['trade_no']) ?? wallet_transaction_id;
  return {
    split_reference,
    ...(settle_no !== undefined && { wallet_split_id: settle_no }),
    ...(trade_no !== undefined && { wallet_transaction_id: trade_no }),
    state: parts.some(({ state }) => state === 'pending') ? 'pending' : 'finished',
    parts,
  };
}
