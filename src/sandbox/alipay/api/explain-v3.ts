import { verifyText } from '../../../protocols/alipay/keys.ts';
import { parseObject } from '../../../protocols/alipay/response.ts';
import { callText, type SignedCall } from '../../../protocols/alipay/v3.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { Alipay, App } from '../books.ts';

/** Why a signature of OpenAPI v3 is wrong: the usual mistakes, tried one by one. */
interface Mistake {
  readonly hint: string;
  readonly text: string;
}

function reserialised(body: string): string[] {
  const value = parseObject(body);
  if (!value) return [];
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return [JSON.stringify(value), JSON.stringify(value, null, 2), JSON.stringify(sorted)];
}

function mistakes(call: SignedCall, token: string): Mistake[] {
  const right = callText(call);
  const path = call.target.split('?')[0] ?? call.target;
  const { app_auth_token: _token, ...bare } = call;
  return [
    ...reserialised(call.body).map((body) => ({
      hint: '签名的body与发送的不一致 (the body was serialised again between signing and sending)',
      text: callText({ ...call, body }),
    })),
    {
      hint: 'body 须参与签名 (the body was left out of the signed text)',
      text: callText({ ...call, body: '' }),
    },
    {
      hint: '查询参数须参与签名 (the query was left out of the signed text)',
      text: callText({ ...call, target: path }),
    },
    {
      hint: '查询参数须按发送的编码签名 (the query was signed decoded, not as it was sent)',
      text: callText({ ...call, target: decoded(call.target) }),
    },
    {
      hint: 'HTTP方法须大写 (the method was signed in lower case)',
      text: callText({ ...call, verb: call.verb.toLowerCase() }),
    },
    {
      hint: '最后一行也须以换行结束 (the last line of the text must end in a line feed)',
      text: right.slice(0, -1),
    },
    {
      hint: 'alipay-app-auth-token 须参与签名 (the line of alipay-app-auth-token was left out)',
      text: callText(bare),
    },
    {
      hint: '没有 alipay-app-auth-token 头时不应有该行 (an empty line stands for a token not sent)',
      text: callText({ ...bare, app_auth_token: token }),
    },
  ].filter(({ text }) => text !== right);
}

function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}

const KEY_HINT =
  '签名私钥与应用公钥不匹配，或签名后内容被改动 (private_key is not the one of this app_id, or something changed after signing)';

export function explainWrongV3(
  alipay: Alipay,
  app: App,
  call: SignedCall,
  sign: string,
): SignatureVerdict {
  const expected_text = callText(call);
  for (const other of alipay.apps.values()) {
    if (other.app_id === app.app_id || !verifyText(other.public_key, expected_text, sign)) continue;
    const hint = `使用了另一应用的私钥 (signed with the private key of application ${other.app_id})`;
    return { state: 'wrong', hint, expected_text };
  }
  if (verifyText(app.public_key, expected_text, sign, 'RSA')) {
    const hint = '须使用SHA256withRSA (the signature is SHA-1)';
    return { state: 'wrong', hint, expected_text };
  }
  for (const { hint, text } of mistakes(call, '')) {
    if (verifyText(app.public_key, text, sign)) {
      return { state: 'wrong', hint, expected_text, signed_text: text };
    }
  }
  return { state: 'wrong', hint: KEY_HINT, expected_text };
}
