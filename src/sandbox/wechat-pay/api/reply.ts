import type { ServerResponse } from 'node:http';
import { canonicalCode, olderCode } from '../../../protocols/wechat-pay/errors.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';
import { probed } from '../merchants/wallet-keys.ts';
import { newRequestId } from '../numbers.ts';
import { type ApiCall, header } from './authentication.ts';
import type { Passage } from './passage.ts';
import { FileAnswer } from './route.ts';

/** An answer on its way out: signed, perhaps spoiled by the fault dial, and logged. */
export interface Answer {
  readonly status: number;
  readonly content: object | FileAnswer | undefined;
  /** The code that ends Request-ID. */
  readonly internal: string;
  readonly refusal?: { readonly code: string; readonly message: string };
}

interface Outcome {
  readonly call: ApiCall;
  readonly passage: Passage;
  readonly answer: Answer;
}

const COMMON_HEADERS = {
  Server: 'nginx',
  Connection: 'keep-alive',
  'Keep-Alive': 'timeout=8',
  'Cache-Control': 'no-cache, must-revalidate',
  'X-Content-Type-Options': 'nosniff',
  'Content-Language': 'zh-CN',
};
const SLOW_MS = 3_000;

export async function reply(
  context: SandboxContext,
  response: ServerResponse,
  outcome: Outcome,
): Promise<void> {
  const { passage } = outcome;
  const answer = spelled(context, outcome);
  const { status, content, internal } = answer;
  const file = content instanceof FileAnswer ? content : undefined;
  const body = file?.body ?? Buffer.from(content === undefined ? '' : JSON.stringify(content));
  const done = status < 300;
  const slow = done ? passage.strikes('answer_slow') : undefined;
  const cut = done && body.length > 1 && passage.strikes('answer_cut') !== undefined;
  // A 5xx comes from a server that could not sign any more.
  const signs = status < 500 && !file;
  const signed = signs ? await signature(context, { ...outcome, answer }, body) : {};
  const requestId = newRequestId(internal);
  if (slow) await new Promise((resolve) => setTimeout(resolve, slow.delay_ms ?? SLOW_MS));
  log(context, { ...outcome, answer }, { body, requestId });
  if (response.destroyed) return;
  response.writeHead(status, {
    ...COMMON_HEADERS,
    Date: context.clock.real().toUTCString(),
    ...(status === 204
      ? {}
      : {
          'Content-Type': file?.content_type ?? 'application/json; charset=utf-8',
          'Content-Length': body.length,
        }),
    'Request-ID': requestId,
    ...signed,
  });
  if (!cut) {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
}

/** Codes in the spelling that the merchant is to meet. */
function spelled(context: SandboxContext, { passage, answer }: Outcome): Answer {
  const { merchant } = passage;
  const { refusal } = answer;
  const spelling = merchant && context.keys.settings.of(merchant).spelling;
  if (!refusal || spelling === undefined || spelling === 'documented') return answer;
  const code = spelling === 'older' ? olderCode(refusal.code) : canonicalCode(refusal.code);
  return { ...answer, content: { ...answer.content, code }, refusal: { ...refusal, code } };
}

/** None while nobody is known; wrong or missing where the dial says so. */
async function signature(
  context: SandboxContext,
  { call, passage, answer }: Outcome,
  body: Buffer,
): Promise<Record<string, string>> {
  const merchant: Merchant | undefined = passage.merchant;
  if (!merchant) return {};
  const done = answer.status < 300;
  if (done && passage.strikes('answer_unsigned')) return {};
  if (done && (await context.keys.perhapsRotate(merchant, passage.occasion))) {
    passage.note('key_rotated');
  }
  const asked = header(call, 'wechatpay-serial');
  const signed = await context.keys.signAnswer(merchant, { asked, body });
  return done && passage.strikes('answer_probed') ? probed(signed) : signed;
}

function log(
  context: SandboxContext,
  { call, passage, answer }: Outcome,
  sent: { body: Buffer; requestId: string },
): void {
  const { refusal, content, status } = answer;
  add(context, call, passage, {
    status,
    verdict: refusal?.code ?? 'ok',
    reason: refusal?.message ?? null,
    wallet_request_id: sent.requestId,
    answer_body:
      content instanceof FileAnswer ? `${sent.body.length} bytes` : sent.body.toString('utf8'),
  });
}

/** A call that gets no answer at all. */
export function unanswered(context: SandboxContext, call: ApiCall, passage: Passage): void {
  add(context, call, passage, {
    status: 0,
    verdict: 'no answer',
    reason: null,
    wallet_request_id: null,
    answer_body: '',
  });
}

type Logged = Parameters<SandboxContext['requests']['add']>[0];

function add(
  context: SandboxContext,
  call: ApiCall,
  passage: Passage,
  said: Pick<Logged, 'status' | 'verdict' | 'reason' | 'wallet_request_id' | 'answer_body'>,
): void {
  context.requests.add({
    ...said,
    method: call.method,
    target: call.target,
    operation: passage.operation,
    caller: passage.merchant?.mchid ?? null,
    signature: passage.signature,
    duration_ms: Math.round(performance.now() - passage.started),
    request_body: call.body.toString('utf8'),
    fault: passage.fault,
  });
}
