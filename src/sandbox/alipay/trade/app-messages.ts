import type { Alipay } from '../books.ts';
import { newNotifyId } from '../numbers.ts';

/**
 * The wallet's message channel: what belongs to no single call's notify_url goes to the address
 * that the application has set in the console, form-urlencoded and signed like notifications.
 * https://opendocs.alipay.com/common/02km9j
 */
export interface AppMessage {
  readonly app_id: string;
  readonly method:
    | 'alipay.trade.order.settle.notify'
    | 'alipay.trade.refund.depositback.completed'
    | 'alipay.fund.trans.order.changed'
    | 'ant.merchant.expand.indirect.zft.passed'
    | 'ant.merchant.expand.indirect.zft.rejected';
  readonly content: Readonly<Record<string, unknown>>;
}

/** Without an address the message is lost, as it is there; queries tell the same. */
export function sendMessage(alipay: Alipay, message: AppMessage): void {
  const url = alipay.app_gateways.get(message.app_id)?.url;
  if (url === undefined) return;
  const { clock, random } = alipay.options;
  const notify_id = newNotifyId(random, clock.now());
  alipay.notifier.notify(notify_id, url, {
    notify_id,
    msg_method: message.method,
    app_id: message.app_id,
    version: '1.1',
    charset: 'UTF-8',
    biz_content: JSON.stringify(message.content),
  });
}
