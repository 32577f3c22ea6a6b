import type { CoveredCall } from '../../coverage.ts';
import type { Call } from './call.ts';

/** Fields of an answer beside the common ones; `respCode` is 00 unless it says otherwise. */
export type Fields = Readonly<Record<string, string | undefined>>;

/** One kind of trade at one address; `call` is `<file>.do <txnType>/<txnSubType>`. */
export interface Route extends CoveredCall {
  readonly file: string;
  readonly txn_type: string;
  readonly txn_sub_type: string;
  readonly per_second?: number;
  /** Answers throw a WireRefusal for a no. */
  readonly run: (call: Call) => Fields | Promise<Fields>;
}

export const PREFIX = '/gateway/api/';
/** The file gateway is a host of its own, called at its root. */
export const FILE_GATEWAY = 'fileTransfer';

export function callName(file: string, txn_type: string, txn_sub_type: string): string {
  return `${file} ${txn_type}/${txn_sub_type}`;
}

/** Completes a row of a route table. */
export function route(row: Omit<Route, 'call'>): Route {
  return { ...row, call: callName(row.file, row.txn_type, row.txn_sub_type) };
}
