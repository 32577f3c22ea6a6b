import { randomUUID } from 'node:crypto';
import { encryptContent, parseAesKey } from '../../../protocols/alipay/content.ts';
import { signText } from '../../../protocols/alipay/keys.ts';
import { answerText, v3Code, v3Status } from '../../../protocols/alipay/v3.ts';
import type { Alipay, App } from '../books.ts';
import { rotateFor } from '../open/rotation.ts';
import { GatewayRefusal } from './biz.ts';
import type { Method } from './method.ts';
import { METHODS } from './methods.ts';
import { openV3Call } from './open-v3.ts';
import type { Answered, Incoming, Passage } from './passage.ts';
import { refusalOf, runMethod } from './run.ts';

/**
 * OpenAPI v3: the same methods under `/v3/…`, JSON in and out, errors by HTTP status.
 * https://opendocs.alipay.com/open-v3/054kaq
 */
export interface V3Route {
  readonly verb: string;
  readonly path: string;
  readonly method: Method;
}

const ROUTES: ReadonlyMap<string, V3Route> = new Map(
  METHODS.flatMap((method) => {
    const [verb, path] = (method.v3 ?? '').split(' ');
    return verb && path ? [[path, { verb, path, method }] as const] : [];
  }),
);

export function v3Route(incoming: Incoming): V3Route | undefined {
  return ROUTES.get(incoming.target.split('?')[0] ?? '');
}

/** Queries were moved between the verbs over time: both are taken. */
function checkVerb(route: V3Route, verb: string): void {
  const isQuery = /\/(query|batchquery|download)$/.test(route.path);
  const isTaken = verb === route.verb || (isQuery && ['GET', 'POST'].includes(verb));
  if (!isTaken) throw new GatewayRefusal('isv.invalid-http-method');
}

interface Saying {
  readonly status: number;
  readonly text: string;
  readonly content_type: string;
  readonly verdict: string;
  readonly reason: string | null;
}

const JSON_TYPE = 'application/json;charset=utf-8';

function refused(error: unknown, trace_id: string): Saying {
  const refusal = refusalOf(error);
  const code = v3Code(refusal.sub_code);
  const link = `https://open.alipay.com/api/errCheck?traceId=${trace_id}&source=openapi`;
  const text = JSON.stringify({
    code,
    message: refusal.message,
    links: [{ link, desc: '解决方案' }],
  });
  return {
    status: v3Status(refusal.sub_code),
    text,
    content_type: JSON_TYPE,
    verdict: refusal.sub_code,
    reason: refusal.message,
  };
}

async function say(alipay: Alipay, asked: AskedV3): Promise<Saying> {
  const { incoming, passage, route } = asked;
  try {
    if (!route) throw new GatewayRefusal('isv.invalid-method');
    checkVerb(route, incoming.verb);
    if (asked.limited) throw new GatewayRefusal('isv.app-call-limited');
    const call = openV3Call(alipay, incoming, passage);
    const { code, fields } = await runMethod(call, route.method, passage);
    const clear = JSON.stringify(fields);
    // Accepted and not done yet, which gateway.do calls 10003.
    const status = code === '10003' ? 202 : 200;
    const said = { status, verdict: 'ok', reason: null };
    if (incoming.headers['alipay-encrypt-type'] !== 'AES') {
      return { ...said, text: clear, content_type: JSON_TYPE };
    }
    const text = encryptContent(parseAesKey(call.app.aes_key), clear);
    return { ...said, text, content_type: 'text/plain;charset=utf-8' };
  } catch (error) {
    const saying = refused(error, passage.trace_id);
    return route ? saying : { ...saying, status: 404 };
  }
}

async function signature(
  alipay: Alipay,
  app: App,
  passage: Passage,
  body: string,
): Promise<Record<string, string>> {
  if (app.certificate_sn !== null && passage.strikes('key_rotated')) await rotateFor(alipay, app);
  if (passage.strikes('answer_unsigned')) return {};
  const { key, sn } = alipay.keyring.signer(app);
  const timestamp = alipay.options.clock.real().getTime().toString();
  const nonce = randomUUID().replaceAll('-', '');
  const good = await signText(key, answerText({ timestamp, nonce, body }));
  const spoilt = `${good.startsWith('A') ? 'B' : 'A'}${good.slice(1)}`;
  return {
    'alipay-timestamp': timestamp,
    'alipay-nonce': nonce,
    'alipay-signature': passage.strikes('answer_probed') ? spoilt : good,
    ...(sn !== null && { 'alipay-sn': sn }),
  };
}

export interface AskedV3 {
  readonly incoming: Incoming;
  /** Undefined when the path is none of v3. */
  readonly route: V3Route | undefined;
  readonly passage: Passage;
  readonly limited: boolean;
}

export async function answerV3(alipay: Alipay, asked: AskedV3): Promise<Answered> {
  const { passage } = asked;
  const saying = await say(alipay, asked);
  // Who is not proven to be an application is answered without a signature.
  const signed = passage.app ? await signature(alipay, passage.app, passage, saying.text) : {};
  return {
    status: saying.status,
    headers: {
      'content-type': saying.content_type,
      'alipay-trace-id': passage.trace_id,
      ...signed,
    },
    body: Buffer.from(saying.text, 'utf8'),
    verdict: saying.verdict,
    reason: saying.reason,
  };
}
