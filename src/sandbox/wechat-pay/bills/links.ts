import { BILL_SEAL_ALGORITHM, sealBill } from '../../../protocols/wechat-pay/bill-seal.ts';
import { INTERNAL_CODE } from '../../../protocols/wechat-pay/errors.ts';
import { invalidRequest } from '../api/refusal.ts';
import { FileAnswer } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { packFile } from './files.ts';
import { noAuthority, queryText, wantsGzip } from './wanted.ts';

/** Links to made bills, and what is behind them. The reply to a link is not signed. */
const FILE_PATH = '/v3/billdownload/file';
/** Five minutes for trade and fund bills, half of one for the others. */
export const LINK_LIFE_MS = 5 * 60_000;
export const SHORT_LIFE_MS = 30_000;

interface Asked {
  readonly merchant: Merchant;
  readonly query: URLSearchParams;
  readonly life_ms: number;
}

export async function linkTo(
  context: SandboxContext,
  asked: Asked,
  pieces: Iterable<string>,
): Promise<object> {
  const gzip = wantsGzip(asked.query);
  const file = await packFile(pieces);
  const kept = { body: file.gzip, compressed: !gzip };
  return {
    hash_type: 'SHA1',
    hash_value: file.sha1,
    download_url: linkOf(context, asked, kept),
  };
}

function linkOf(
  context: SandboxContext,
  { merchant, life_ms }: Asked,
  file: { body: Buffer; compressed: boolean },
): string {
  const token = context.bill_files.keep({ mchid: merchant.mchid, life_ms, ...file });
  return `${context.url()}${FILE_PATH}?token=${token}`;
}

export function checkSeal(query: URLSearchParams): void {
  const values = [BILL_SEAL_ALGORITHM];
  queryText(query, 'algorithm', { label: '加密算法', values, required: true });
}

/** Encrypted files, each under its own key, in the order of their numbers. */
export async function sealedLinks(
  context: SandboxContext,
  asked: Asked,
  files: Iterable<Iterable<string>>,
): Promise<object> {
  const gzip = wantsGzip(asked.query);
  const list: object[] = [];
  for (const pieces of files) {
    const file = await packFile(pieces);
    const content = gzip ? file.gzip : await context.bill_files.unpack(file.gzip);
    const sealed = sealBill(asked.merchant.verify_key, content);
    list.push({
      bill_sequence: list.length + 1,
      hash_type: 'SHA1',
      hash_value: file.sha1,
      download_url: linkOf(context, asked, { body: sealed.body, compressed: false }),
      encrypt_key: sealed.encrypt_key,
      nonce: sealed.nonce,
    });
  }
  return { download_bill_count: list.length, download_bill_list: list };
}

/** GET /v3/billdownload/file?token= */
export async function fetchLink(
  context: SandboxContext,
  merchant: Merchant,
  query: URLSearchParams,
): Promise<FileAnswer> {
  const token = queryText(query, 'token', { label: '下载凭证', required: true }) ?? '';
  const found = await context.bill_files.fetch(token, merchant.mchid);
  if (found === 'other_merchant') {
    throw noAuthority('权限异常：请求的商户与申请账单的商户不一致');
  }
  if (found === 'expired') {
    const message = '下载地址已失效，请重新申请账单获取下载地址';
    throw invalidRequest(message, INTERNAL_CODE.bad_parameter);
  }
  return new FileAnswer('application/octet-stream', found);
}
