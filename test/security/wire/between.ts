import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { decodeForms } from '../../../src/protocols/alipay/parameters.ts';
import {
  buildResponse,
  extractResponse,
  gatewayJson,
  responseRoot,
} from '../../../src/protocols/alipay/response.ts';
import { signAnswer } from '../../../src/protocols/douyin-pay/signature.ts';
import { decodeAnswer, encodeAnswer } from '../../../src/protocols/union-pay/message.ts';
import { signMessage } from '../../../src/protocols/union-pay/signature.ts';
import {
  answerMessage,
  newNonce,
  rsaSign,
  signatureHeaders,
  unixSeconds,
} from '../../../src/protocols/wechat-pay/signature.ts';
import { atFileEnd } from '../../support/file-end.ts';
import { objectIn } from '../hub-rig.ts';
import type { Wire } from './rig.ts';

/** Stands between a connector and its wallet, hears all, and answers what it likes. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Twist = (told: Told, asked: Asked) => Told | Promise<Told>;

export interface Between {
  readonly url: string;
  /** Every exchange so far, as the wallet answered it. */
  readonly heard: { readonly asked: Asked; readonly told: Told }[];
  /** From now on; nothing is changed while it is undefined. */
  twist: Twist | undefined;
}

const HOP = ['connection', 'content-length', 'transfer-encoding', 'keep-alive', 'date'];

function forward(root: string, asked: Asked, headers: Record<string, string>): Promise<Told> {
  const { hostname, port } = new URL(root);
  const { method, target: path, body } = asked;
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        const kept = Object.entries(answer.headers).filter(([name]) => !HOP.includes(name));
        resolve({
          status: answer.statusCode ?? 0,
          headers: Object.fromEntries(kept.map(([name, value]) => [name, `${value}`])),
          body: Buffer.concat(chunks),
        });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(Buffer.from(body, 'latin1'));
  });
}

export async function standBetween(wire: Wire): Promise<Between> {
  const heard: Between['heard'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = 'GET', url: target = '/' } = request;
      const asked = { method, target, body: Buffer.concat(chunks).toString('latin1') };
      const headers = Object.entries(request.headers).map(([name, value]) => [name, `${value}`]);
      forward(wire.sandbox.url, asked, Object.fromEntries(headers))
        .then(async (told) => {
          heard.push({ asked, told });
          return between.twist ? between.twist(told, asked) : told;
        })
        .then(
          ({ status, headers: sent, body }) => {
            response.writeHead(
              status,
              status === 204 ? sent : { ...sent, 'content-length': body.length },
            );
            response.end(body);
          },
          () => response.destroy(),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const between: Between = { url: `http://127.0.0.1:${port}`, heard, twist: undefined };
  atFileEnd(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return between;
}

export type Fields = Record<string, unknown>;

/** Says something else in the wallet's own name: the keys are the wallet's. */
export interface Mouth {
  /** What an answer says. */
  read(told: Told, asked: Asked): Fields;
  /** The same answer about other fields, signed anew. */
  say(fields: Fields, told: Told, asked: Asked): Promise<Told>;
}

const keyIn = (wire: Wire, name: string): KeyObject =>
  createPrivateKey(readFileSync(join(wire.keys_dir, name)));

function wechatPay(wire: Wire): Mouth {
  const key = keyIn(wire, 'wechat_pay_server_private_key.pem');
  const serial = String(wire.sandbox.merchantAccount().settings['public_key_id']);
  return {
    read: ({ body }) => objectIn(body.toString('utf8')),
    async say(fields, told) {
      const body = Buffer.from(JSON.stringify(fields));
      const timestamp = unixSeconds(new Date());
      const nonce = newNonce();
      const signature = await rsaSign(key, answerMessage({ timestamp, nonce, body }));
      const signed = signatureHeaders({ timestamp, nonce, serial, signature });
      const lower = Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]);
      return { ...told, headers: { ...told.headers, ...Object.fromEntries(lower) }, body };
    },
  };
}

function douyinPay(wire: Wire): Mouth {
  const kept = objectIn(readFileSync(join(wire.keys_dir, 'douyin_pay.json'), 'utf8'));
  const platform = Array.isArray(kept['platform']) ? kept['platform'] : [];
  const newest: unknown = platform.at(-1);
  const { private_key } = { private_key: '', ...(newest as object) };
  const key = createPrivateKey(private_key);
  return {
    read: ({ body }) => objectIn(body.toString('utf8')),
    async say(fields, told) {
      const body = Buffer.from(JSON.stringify(fields));
      const serial = told.headers['douyinpay-serial'] ?? '';
      const signed = await signAnswer({ serial, key }, { body, now: new Date() });
      const lower = Object.entries(signed).map(([name, value]) => [name.toLowerCase(), value]);
      return { ...told, headers: { ...told.headers, ...Object.fromEntries(lower) }, body };
    },
  };
}

function methodOf({ body }: Asked): string {
  return decodeForms(body).parameters.get('method') ?? '';
}

function alipay(wire: Wire): Mouth {
  const key = keyIn(wire, 'alipay_private_key.pem');
  return {
    read(told, asked) {
      const found = extractResponse(told.body.toString('utf8'), methodOf(asked));
      return found.ok ? objectIn(found.content) : {};
    },
    async say(fields, told, asked) {
      const root = responseRoot(methodOf(asked));
      const text = await buildResponse(key, root, gatewayJson(fields));
      return { ...told, body: Buffer.from(text) };
    },
  };
}

function unionPay(wire: Wire): Mouth {
  const key = keyIn(wire, 'union_pay_private_key.pem');
  return {
    read: ({ body }) => Object.fromEntries(decodeAnswer(body.toString('utf8')) ?? []),
    async say({ signature: _old, ...fields }, told) {
      const texts = Object.entries(fields).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
      ]);
      const message = await signMessage(key, new Map(texts));
      return { ...told, body: Buffer.from(encodeAnswer(message)) };
    },
  };
}

export function mouthOf(wire: Wire): Mouth {
  const open = { wechat_pay: wechatPay, alipay, union_pay: unionPay, douyin_pay: douyinPay };
  return open[wire.name](wire);
}
