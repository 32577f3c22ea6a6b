import type { WireObject } from '../../protocols/wechat-pay/messages.ts';
import { buildUpload, type UploadFile } from '../../protocols/wechat-pay/multipart.ts';
import type { WalletTrace } from '../wallet.ts';
import type { MerchantAccount } from './account.ts';
import {
  type CallResult,
  type Client,
  judgeSent,
  type NotAnswered,
  notAnswered,
  traceOf,
} from './client.ts';
import { send } from './trust/send.ts';

/**
 * Files in both directions. A download is signed by the merchant and not by the wallet: who takes
 * it checks the digest that a signed answer stated before. An upload's signature covers its meta
 * part alone.
 */
export type FileResult =
  | {
      readonly kind: 'file';
      /** Not proven: compare the digest. */
      readonly bytes: Buffer;
      readonly content_type: string;
      readonly trace: WalletTrace;
    }
  | NotAnswered;

export interface Download {
  /** Path and query, as `downloadTarget` gives them. */
  readonly target: string;
  readonly operation: string;
  readonly max_bytes: number;
}

/** Hosts that WeChat Pay's own links name, whichever of them the account calls. */
const WALLET_HOSTS = /^(?:api2?\.mch\.weixin\.qq\.com|api2?\.wechatpay\.cn)$/;

/** Path and query of a link the wallet gave; undefined when it leads elsewhere. */
export function downloadTarget(account: MerchantAccount, link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const url = new URL(link);
  const own = [account.endpoint, account.fallback_endpoint].includes(url.origin);
  const wallet = url.protocol === 'https:' && WALLET_HOSTS.test(url.host);
  return own || wallet ? url.pathname + url.search : undefined;
}

export async function downloadFile(
  client: Client,
  account: MerchantAccount,
  download: Download,
): Promise<FileResult> {
  const { target, operation, max_bytes } = download;
  const call = { method: 'GET', target: hideToken(target), operation } as const;
  const started = performance.now();
  const sent = await send(client, account, {
    method: 'GET',
    target,
    operation: `GET ${operation}`,
    signed: '',
    max_answer_bytes: max_bytes,
  });
  const exchange = { sent, started, call };
  if (sent.kind !== 'answered') return notAnswered(sent, exchange);
  const { status, headers, body } = sent.answer;
  if (status === 200) {
    const content_type = headers['content-type'] ?? '';
    const trace = { ...traceOf(exchange, sent.answer), answer: `${body.length} bytes` };
    return { kind: 'file', bytes: body, content_type, trace };
  }
  const judged = await judgeSent(client, account, exchange);
  if (judged.kind !== 'answer') return judged;
  return { kind: 'unknown', cause: `HTTP ${status} instead of a file`, trace: judged.trace };
}

/** The token opens the file for whoever has it. */
function hideToken(target: string): string {
  return target.replace(/(token=[^&]{0,6})[^&]*/, '$1…');
}

export interface FileUpload {
  /** Path, which is the operation as well. */
  readonly target: string;
  readonly meta: WireObject;
  readonly file: UploadFile;
}

export async function uploadFile(
  client: Client,
  account: MerchantAccount,
  upload: FileUpload,
): Promise<CallResult> {
  const { target, meta, file } = upload;
  const text = JSON.stringify(meta);
  const call = { method: 'POST', target, operation: target, body: meta } as const;
  const started = performance.now();
  const sent = await send(client, account, {
    method: 'POST',
    target,
    operation: `POST ${target}`,
    signed: text,
    ...buildUpload({ meta: text, file }),
    max_answer_bytes: 64 * 1024,
  });
  return judgeSent(client, account, { sent, started, call });
}
