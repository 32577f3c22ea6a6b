import { createHash } from 'node:crypto';
import { openSealedBill } from '../../../protocols/wechat-pay/bill-seal.ts';
import {
  isWireObject,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import { inflate, isGzip } from '../../products/bill-files.ts';
import { BillError, type BillFile } from '../../products/bills.ts';
import type { Refused, Unknown, WalletTrace } from '../../wallet.ts';
import type { MerchantAccount } from '../account.ts';
import type { Client } from '../client.ts';
import { downloadFile, downloadTarget } from '../files.ts';
import { toOutcome, unreadable } from '../refusals.ts';
import { BILL_FILE } from './calls.ts';

/**
 * Bill files are not signed: each counts only when it has the SHA-1 that the signed answer stated,
 * taken over the uncompressed content. That is found out here, before anything in it is read.
 */
const MAX_DOWNLOAD = 128 * 1024 * 1024;
const MAX_FILES = 100;
/** All files of a bill together, as they are kept until they are read. */
export const MAX_BILL_BYTES = 512 * 1024 * 1024;

interface FileLink {
  readonly download_url: string;
  readonly sha1: string;
  /** Of encrypted files. */
  readonly seal: { readonly encrypt_key: string; readonly nonce: string } | undefined;
}

function linkOf(value: unknown, sealed: boolean): FileLink | undefined {
  if (!isWireObject(value)) return undefined;
  const download_url = textField(value, 'download_url');
  const sha1 = textField(value, 'hash_value')?.toLowerCase();
  const encrypt_key = textField(value, 'encrypt_key');
  const nonce = textField(value, 'nonce');
  if (!download_url || !sha1 || !/^[0-9a-f]{40}$/.test(sha1)) return undefined;
  if (textField(value, 'hash_type') !== 'SHA1') return undefined;
  if (!sealed) return { download_url, sha1, seal: undefined };
  return encrypt_key && nonce ? { download_url, sha1, seal: { encrypt_key, nonce } } : undefined;
}

/** Encrypted bills come in several files; the numbered list is in any order. */
export function linksOf(content: WireObject, sealed: boolean): FileLink[] | undefined {
  if (!sealed) {
    const link = linkOf(content, false);
    return link && [link];
  }
  const list = content.download_bill_list;
  if (!Array.isArray(list) || list.length > MAX_FILES) return undefined;
  const count = content.download_bill_count;
  if (typeof count === 'number' && count !== list.length) return undefined;
  const numbered = [...list].sort((a, b) => sequenceOf(a) - sequenceOf(b));
  const links = numbered.map((entry) => linkOf(entry, true)).filter((link) => link !== undefined);
  return links.length === list.length ? links : undefined;
}

function sequenceOf(value: unknown): number {
  const sequence = isWireObject(value) ? value.bill_sequence : undefined;
  return typeof sequence === 'number' ? sequence : 0;
}

export type FetchedFile =
  | { readonly kind: 'file'; readonly content: Buffer; readonly trace: WalletTrace }
  | Unknown;

/** The file as it came, decrypted; still compressed if it was, and proven to be the one meant. */
export async function fetchFile(
  client: Client,
  account: MerchantAccount,
  asked: { readonly link: FileLink; readonly trace: WalletTrace; readonly max_bytes: number },
): Promise<FetchedFile> {
  const { link } = asked;
  const max_bytes = Math.min(MAX_DOWNLOAD, asked.max_bytes);
  const target = downloadTarget(account, link.download_url);
  if (target === undefined) return unreadable(asked.trace, 'the link leads to another host');
  const download = { target, operation: BILL_FILE, max_bytes };
  const got = await downloadFile(client, account, download);
  if (got.kind !== 'file') return linkFailed(toOutcome(got));
  const { bytes, trace } = got;
  const content = link.seal
    ? openSealedBill(account.private_key, { body: bytes, ...link.seal })
    : bytes;
  if (!content) return unreadable(trace, 'the file does not open with the key of this merchant');
  const problem = await digestProblem(content, link.sha1);
  if (problem !== undefined) return { kind: 'unknown', cause: problem, trace };
  return { kind: 'file', content, trace };
}

/** A link is good for minutes: a no to it, after a pause, is none to the bill. A new one may do. */
function linkFailed(outcome: Refused | Unknown): Unknown {
  if (outcome.kind === 'unknown') return outcome;
  const { code, message, trace } = outcome;
  return { kind: 'unknown', cause: `the link was refused: ${code} ${message}`, trace };
}

export function contentOf(file: BillFile): AsyncIterable<Buffer> {
  if (typeof file === 'function') return file();
  return inflate(file, isGzip(file) ? 'gzip' : 'stored');
}

async function digestProblem(file: Buffer, sha1: string): Promise<string | undefined> {
  const hash = createHash('sha1');
  try {
    for await (const chunk of contentOf(file)) hash.update(chunk);
  } catch (error) {
    if (error instanceof BillError) return error.message;
    throw error;
  }
  return hash.digest('hex') === sha1 ? undefined : 'the file is not the one that was announced';
}
