import { fenField, parseWireObject, textField } from '../../../protocols/wechat-pay/messages.ts';
import {
  isSameOrigin,
  json,
  type PageAnswer,
  type PageRequest,
  type Pages,
  plain,
} from './page.ts';

/**
 * For developers, not part of the wallet: GET /__sandbox/requests shows the last calls and the
 * verdict on each; POST /__sandbox/withdraw {mchid, amount} empties a merchant's account, so that
 * a refund meets NOT_ENOUGH.
 */
export async function answerAdmin(pages: Pages, page: PageRequest): Promise<PageAnswer> {
  if (!page.local) return plain(403, 'for callers on the same machine only');
  if (!isSameOrigin(page)) return plain(403, 'cross-origin request');
  switch (`${page.method} ${page.url.pathname}`) {
    case 'GET /__sandbox/requests':
      return json(200, { data: pages.log.entries });
    case 'POST /__sandbox/withdraw':
      return withdraw(pages, page);
    default:
      return plain(404, 'no such call');
  }
}

async function withdraw(pages: Pages, page: PageRequest): Promise<PageAnswer> {
  const { books, merchants, store } = pages.context;
  const body = parseWireObject(page.body) ?? {};
  const mchid = textField(body, 'mchid') ?? '';
  const amount = fenField(body, 'amount');
  if (!merchants.has(mchid) || amount === undefined) {
    return json(400, { error: 'mchid or amount (fen) is missing or wrong' });
  }
  if (amount > books.owed(mchid)) return json(409, { error: 'more than the account holds' });
  books.withdraw(mchid, amount);
  await store.committed();
  return json(200, { mchid, amount: Number.parseInt(amount.toString(), 10) });
}
