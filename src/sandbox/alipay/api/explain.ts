import iconv from 'iconv-lite';
import { type SignType, verifyText } from '../../../protocols/alipay/keys.ts';
import {
  type Charset,
  canonicalText,
  decodeValues,
  type Parameters,
} from '../../../protocols/alipay/parameters.ts';
import { requestText } from '../../../protocols/alipay/request.ts';
import type { SignatureVerdict } from '../../requests.ts';
import type { Alipay, App } from '../books.ts';

/**
 * Why a signature of gateway.do is wrong: the usual mistakes are tried one by one, and the first
 * that explains the signature is told to the developer.
 */
export interface WrongSignature {
  readonly app: App;
  /** As sent, one character a byte, in the order of the request. */
  readonly bytes: Parameters;
  readonly charset: Charset;
  readonly type: SignType;
}

interface Mistake {
  readonly hint: string;
  readonly signed: Buffer;
}

function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

function asSent(bytes: Parameters): string {
  const parts: string[] = [];
  for (const [name, value] of bytes) {
    if (name !== 'sign' && value !== '') parts.push(`${name}=${value}`);
  }
  return parts.join('&');
}

function urlEncoded(bytes: Parameters, charset: Charset): string {
  const encoded = new Map<string, string>();
  for (const [name, value] of decodeValues(bytes, charset)) {
    encoded.set(name, encodeURIComponent(value));
  }
  return requestText(encoded);
}

function mistakes({ bytes, charset }: WrongSignature): Mistake[] {
  const values = decodeValues(bytes, charset);
  const other = charset === 'utf-8' ? 'gbk' : 'utf-8';
  return [
    {
      hint: '参数值为空不参与签名，不要传空值 (an empty value was signed; leave it out)',
      signed: latin(canonicalText(bytes, { without: ['sign'], keep_empty: true })),
    },
    {
      hint: 'sign_type 须参与请求签名 (sign_type is part of the text of a request)',
      signed: latin(canonicalText(bytes, { without: ['sign', 'sign_type'] })),
    },
    {
      hint: '待签名值须为URL编码之前的原值 (values were URL-encoded before they were signed)',
      signed: latin(urlEncoded(bytes, charset)),
    },
    {
      hint: '参数须按ASCII码升序排列 (parameters were signed in the order sent, not sorted)',
      signed: latin(asSent(bytes)),
    },
    {
      hint: `签名字节与charset不符 (the text was signed as ${other} while charset says ${charset})`,
      signed: iconv.encode(requestText(values), other),
    },
    {
      hint: 'biz_content 须参与签名 (biz_content was left out of the signed text)',
      signed: latin(canonicalText(bytes, { without: ['sign', 'biz_content'] })),
    },
    {
      hint: '除sign外的公共参数均须参与签名 (certificate numbers were left out of the signed text)',
      signed: latin(
        canonicalText(bytes, { without: ['sign', 'app_cert_sn', 'alipay_root_cert_sn'] }),
      ),
    },
  ];
}

/** Other keys and digests that would make the right text's signature good. */
function keyMistake(alipay: Alipay, wrong: WrongSignature, sign: string): string | undefined {
  const text = latin(requestText(wrong.bytes));
  const other = wrong.type === 'RSA2' ? 'RSA' : 'RSA2';
  if (verifyText(wrong.app.public_key, text, sign, other)) {
    return `签名算法与sign_type不符 (the signature is ${other}, sign_type says ${wrong.type})`;
  }
  for (const app of alipay.apps.values()) {
    if (app.app_id !== wrong.app.app_id && verifyText(app.public_key, text, sign, wrong.type)) {
      return `使用了另一应用的私钥 (signed with the private key of application ${app.app_id})`;
    }
  }
  return undefined;
}

const KEY_HINT =
  '签名私钥与应用公钥不匹配，或签名后参数被改动 (private_key is not the one of this app_id, or something changed after signing)';

export function explainWrong(alipay: Alipay, wrong: WrongSignature): SignatureVerdict {
  const expected_text = decodeText(latin(requestText(wrong.bytes)), wrong.charset);
  const sign = wrong.bytes.get('sign') ?? '';
  const key = keyMistake(alipay, wrong, sign);
  if (key !== undefined) return { state: 'wrong', hint: key, expected_text };
  const right = requestText(wrong.bytes);
  for (const { hint, signed } of mistakes(wrong)) {
    if (signed.equals(latin(right))) continue;
    if (!verifyText(wrong.app.public_key, signed, sign, wrong.type)) continue;
    return { state: 'wrong', hint, expected_text, signed_text: decodeText(signed, wrong.charset) };
  }
  return { state: 'wrong', hint: KEY_HINT, expected_text };
}

function decodeText(bytes: Buffer, charset: Charset): string {
  return new TextDecoder(charset).decode(bytes);
}
