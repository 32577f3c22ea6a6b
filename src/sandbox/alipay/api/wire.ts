import type { FaultSetting } from '../../faults.ts';
import type { Alipay } from '../books.ts';
import { answerGateway } from './gateway.ts';
import { type Answered, type Incoming, Passage } from './passage.ts';
import { meetGateway, readGateway } from './read-gateway.ts';
import { answerV3, v3Route } from './v3.ts';

/**
 * One call on its way: read, struck by what the fault dial holds, answered, struck again, and
 * written to the log whatever became of it.
 */
export type Departure =
  | { readonly kind: 'reply'; readonly answered: Answered; readonly delay_ms: number }
  /** The connection breaks in the middle of the answer. */
  | { readonly kind: 'cut'; readonly answered: Answered }
  /** No answer ever comes. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'reset' };

const BAD_GATEWAY: Answered = {
  status: 502,
  headers: { 'content-type': 'text/html;charset=utf-8' },
  body: Buffer.from('<html><body><h1>502 Bad Gateway</h1></body></html>'),
  verdict: '502',
  reason: 'Bad Gateway',
};

const DEFAULT_DELAY_MS = 3_000;

export function isApi(target: string): boolean {
  return target === '/gateway.do' || /^\/(gateway\.do\?|v3\/)/.test(target);
}

export async function carry(alipay: Alipay, incoming: Incoming): Promise<Departure> {
  const passage = new Passage(alipay.options.faults);
  const answer = incoming.target.startsWith('/v3/')
    ? meetV3(alipay, incoming, passage)
    : meetGatewayDo(alipay, incoming, passage);
  const departure = await depart(passage, answer);
  log(alipay, incoming, passage, departure);
  return departure;
}

type Answer = (limited: boolean) => Promise<Answered>;

function meetGatewayDo(alipay: Alipay, incoming: Incoming, passage: Passage): Answer {
  const request = readGateway(incoming);
  meetGateway(request, passage);
  return (limited) => answerGateway(alipay, { incoming, request, passage, limited });
}

function meetV3(alipay: Alipay, incoming: Incoming, passage: Passage): Answer {
  const route = v3Route(incoming);
  passage.operation = route?.method.call ?? null;
  passage.meet(safeObject(incoming.body));
  return (limited) => answerV3(alipay, { incoming, route, passage, limited });
}

function safeObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

async function depart(passage: Passage, answer: Answer): Promise<Departure> {
  if (passage.strikes('connection_reset')) return { kind: 'reset' };
  if (passage.strikes('timeout_before_effect')) return { kind: 'silence' };
  if (passage.strikes('error_before_effect')) return reply(BAD_GATEWAY);
  const answered = await answer(passage.strikes('rate_limited') !== undefined);
  if (passage.strikes('timeout_after_effect')) return { kind: 'silence' };
  if (passage.strikes('error_after_effect')) return reply(BAD_GATEWAY);
  if (passage.strikes('answer_cut')) return { kind: 'cut', answered };
  return reply(answered, passage.strikes('answer_slow'));
}

function reply(answered: Answered, slow?: FaultSetting): Departure {
  return { kind: 'reply', answered, delay_ms: slow ? (slow.delay_ms ?? DEFAULT_DELAY_MS) : 0 };
}

function log(alipay: Alipay, incoming: Incoming, passage: Passage, departure: Departure): void {
  const answered = 'answered' in departure ? departure.answered : undefined;
  alipay.options.requests.add({
    method: incoming.verb,
    target: incoming.target,
    operation: passage.operation,
    caller: passage.caller,
    status: answered?.status ?? 0,
    verdict: answered?.verdict ?? departure.kind,
    reason: answered?.reason ?? null,
    signature: passage.signature,
    duration_ms: Math.round(performance.now() - passage.started),
    wallet_request_id: passage.trace_id,
    request_body: incoming.body.toString('utf8'),
    answer_body: answered?.body.toString('utf8') ?? '',
    fault: passage.fault,
  });
}
