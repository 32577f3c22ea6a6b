import type { FuzzAnswer, FuzzRequest } from '../exchange.ts';
import { objectIn } from '../hub-rig.ts';
import type { Wire } from './rig.ts';

/** Is an answer one that this wallet would give: its own form, no failure, no word too many? */
export type Judge = (answer: FuzzAnswer, sent: FuzzRequest) => string | undefined;

/** Traces of our own insides; V8 writes them so. */
const INSIDES =
  /\n\s+at |\.ts:\d+|node:internal|\/src\/|TypeError|RangeError|ReferenceError|PRIVATE KEY/;

function secretsOf(wire: Wire, names: RegExp): string[] {
  return wire.sandbox
    .accounts()
    .flatMap(({ credentials }) => Object.entries(credentials))
    .filter(([name]) => names.test(name) && !/public|certificate/.test(name))
    .map(([, value]) => value.replace(/-----[A-Z ]+-----|\s/g, '').slice(0, 200))
    .filter((text) => text.length >= 16);
}

function json(status: number, text: string): string | undefined {
  if (status < 400) return undefined;
  const { code, message } = objectIn(text);
  const good = typeof code === 'string' && typeof message === 'string' && message !== '';
  return good ? undefined : `${status} without the wallet’s error: ${text.slice(0, 200)}`;
}

function gatewayOf(text: string): string | undefined {
  const [root, value] = Object.entries(objectIn(text))[0] ?? [];
  const { code, sub_code } = { code: '', sub_code: '', ...Object(value) };
  if (root?.endsWith('_response') !== true)
    return `no answer of the gateway: ${text.slice(0, 200)}`;
  return code === '20000' || /unknow-error|SYSTEM_ERROR/.test(`${sub_code}`)
    ? `broke: ${text.slice(0, 300)}`
    : undefined;
}

function formOf(
  wire: Wire,
  { status, text, type }: FuzzAnswer,
  sent: FuzzRequest,
): string | undefined {
  const { method, target } = sent;
  if (method === 'HEAD' || status === 413 || status === 431) return undefined;
  switch (wire.name) {
    case 'wechat_pay':
      if (/^\/v3\//.test(target)) return json(status, text);
      if (/^\/(secapi\/)?pay\//.test(target) && status === 200) {
        return text.startsWith('<xml>') ? undefined : `no XML: ${text.slice(0, 100)}`;
      }
      return undefined;
    case 'douyin_pay':
      return /^\/v1\//.test(target) ? json(status, text) : undefined;
    case 'alipay':
      if (/^\/v3\//.test(target)) return json(status, text);
      return /^\/gateway\.do(\?|$)/.test(target) &&
        method === 'POST' &&
        status === 200 &&
        !type.includes('xml') &&
        !/^<|^(true|false)$/.test(text.trim())
        ? gatewayOf(text)
        : undefined;
    case 'union_pay': {
      const api =
        /^\/gateway\/api\/(?!front)|^\/$/.test(target) && method === 'POST' && status === 200;
      if (!api) return undefined;
      const code = /(?:^|&)respCode=(\w+)/.exec(text)?.[1];
      if (code === undefined) return `no message: ${text.slice(0, 200)}`;
      return code === '06' || /Error/.test(text) ? `broke: ${text.slice(0, 300)}` : undefined;
    }
    default:
      return wire.name satisfies never;
  }
}

/** `names`: which credentials may not be shown; developers see what the console shows them. */
export function judgeOf(wire: Wire, names = /private|key|secret/): Judge {
  const secrets = secretsOf(wire, names);
  return (answer, sent) => {
    const { status, text } = answer;
    if (status >= 500 || status < 200) return `${status} ${text.slice(0, 200)}`;
    // What came in may be shown to whoever sent it.
    const echo = sent.body.toString('utf8') + sent.target + Object.values(sent.headers).join('\n');
    const inside = INSIDES.exec(text)?.[0];
    if (inside !== undefined && !echo.includes(inside.trim()))
      return `shows its insides: ${inside}`;
    if (secrets.some((secret) => text.replaceAll('\\n', '').replace(/\s/g, '').includes(secret)))
      return 'shows a secret';
    return formOf(wire, answer, sent);
  };
}
