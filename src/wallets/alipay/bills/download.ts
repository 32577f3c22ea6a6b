import { performance } from 'node:perf_hooks';
import { OutboundError } from '../../../outbound.ts';
import type { Unknown, WalletTrace } from '../../wallet.ts';
import type { AlipayAccount } from '../account.ts';
import type { Gateway } from '../gateway.ts';
import { BILL_FILE } from './calls.ts';

/**
 * The file behind a link: no signature either way, so it is fetched from the wallet's own hosts
 * alone, over https whatever the link says. On loopback, a sandbox's, it is taken as it is.
 */
const MAX_FILE = 128 * 1024 * 1024;
const LOOPBACK: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];

export type FetchedFile =
  | { readonly kind: 'file'; readonly bytes: Buffer; readonly trace: WalletTrace }
  | Unknown;

/** Where the link may lead; undefined when it leads elsewhere. */
export function allowedLink(link: string, gateway: string): string | undefined {
  if (link.length > 2048 || !URL.canParse(link)) return undefined;
  const url = new URL(link);
  const own = new URL(gateway);
  if (LOOPBACK.includes(own.hostname)) return url.host === own.host ? url.href : undefined;
  if (!/^https?:$/.test(url.protocol) || url.username !== '') return undefined;
  if (!/(?:^|\.)(?:alipay|alipaydev)\.com$/.test(url.hostname)) return undefined;
  url.protocol = 'https:';
  url.port = '';
  return url.href;
}

export async function fetchFile(
  gateway: Gateway,
  account: AlipayAccount,
  asked: { readonly link: string; readonly trace: WalletTrace },
): Promise<FetchedFile> {
  const url = allowedLink(asked.link, account.gateway);
  if (url === undefined) {
    return { kind: 'unknown', cause: 'the link leads to another host', trace: asked.trace };
  }
  const started = performance.now();
  const trace = (rest: Partial<WalletTrace>): WalletTrace => ({
    operation: BILL_FILE,
    duration_ms: Math.round(performance.now() - started),
    // The rest of the link opens the file for whoever has it.
    request: { host: new URL(url).host },
    ...rest,
  });
  try {
    const answer = await gateway.download(url, MAX_FILE);
    const { status, body } = answer;
    if (status !== 200) {
      return { kind: 'unknown', cause: `HTTP ${status}`, trace: trace({ http_status: status }) };
    }
    const full = trace({ http_status: status, answer: `${body.length} bytes` });
    return { kind: 'file', bytes: body, trace: full };
  } catch (error) {
    if (!(error instanceof OutboundError)) throw error;
    const { message } = error;
    return { kind: 'unknown', cause: message, trace: trace({ wallet_message: message }) };
  }
}
