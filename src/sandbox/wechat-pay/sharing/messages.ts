import { shanghaiTime } from '../../../clock.ts';
import { fenNumber } from '../../../protocols/wechat-pay/messages.ts';
import type {
  PlatformSplitMessage,
  SplitMessage,
  SplitReturnMessage,
} from '../../../protocols/wechat-pay/sharing.ts';
import type { ReturnRecord, SplitPart, SplitRecord } from './book.ts';

/** What the two families say of the same records. */
export function splitMessage(split: SplitRecord): SplitMessage {
  return {
    ...(split.sub_mchid === null ? {} : { sub_mchid: split.sub_mchid }),
    transaction_id: split.transaction_id,
    out_order_no: split.out_order_no,
    order_id: split.order_id,
    state: split.state,
    receivers: split.parts.map((part) => ({
      type: part.type,
      account: part.account,
      ...partMessage(split, part),
      create_time: time(split.created_at),
    })),
  };
}

export function platformSplitMessage(split: SplitRecord): PlatformSplitMessage {
  const rest = split.parts.find((part) => part.rest)?.amount ?? 0n;
  return {
    sub_mchid: split.sub_mchid ?? '',
    transaction_id: split.transaction_id,
    out_order_no: split.out_order_no,
    order_id: split.order_id,
    status: split.state,
    receivers: split.parts
      .filter((part) => !part.rest)
      .map((part) => ({
        type: part.type,
        receiver_account: part.account,
        ...(part.type === 'MERCHANT_ID' ? { receiver_mchid: part.account } : {}),
        ...partMessage(split, part),
      })),
    ...(split.kind === 'release'
      ? { finish_amount: fenNumber(rest), finish_description: split.description }
      : {}),
  };
}

/** The finish time is a required field: while a part is pending it has the time of its start. */
function partMessage(split: SplitRecord, part: SplitPart) {
  return {
    amount: fenNumber(part.amount),
    description: part.description,
    result: part.result,
    ...(part.fail_reason === null ? {} : { fail_reason: part.fail_reason }),
    detail_id: part.detail_id,
    finish_time: time(part.finished_at ?? split.created_at),
  };
}

export function returnMessage(
  record: ReturnRecord,
  family: 'ordinary' | 'platform',
): SplitReturnMessage {
  return {
    ...(record.sub_mchid === null ? {} : { sub_mchid: record.sub_mchid }),
    order_id: record.order_id,
    out_order_no: record.out_order_no,
    out_return_no: record.out_return_no,
    return_mchid: record.return_mchid,
    amount: fenNumber(record.amount),
    result: record.result,
    ...(record.fail_reason === null ? {} : { fail_reason: record.fail_reason }),
    finish_time: time(record.finished_at ?? record.created_at),
    ...(family === 'platform'
      ? { return_no: record.return_id }
      : {
          return_id: record.return_id,
          description: record.description,
          create_time: time(record.created_at),
        }),
  };
}

function time(at: number): string {
  return shanghaiTime(new Date(at));
}
