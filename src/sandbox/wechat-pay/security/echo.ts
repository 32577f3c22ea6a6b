import { textField } from '../../../protocols/wechat-pay/messages.ts';
import { checkFields, type Fields } from '../api/fields.ts';
import { parameterError } from '../api/refusal.ts';
import type { RouteCall } from '../api/route.ts';
import type { SandboxContext } from '../context.ts';
import type { Merchant } from '../merchants/keys.ts';

const FIELDS: Fields = {
  notify_url: {
    type: 'string',
    label: '商户回调地址',
    max: 255,
    pattern: /^https?:\/\/[^\s?#@]+$/,
  },
  echo_message: { type: 'string', label: '回显信息', required: true, max: 1024 },
  encrypted_echo_message: { type: 'string', label: '加密测试字段', max: 1024 },
};

/**
 * POST /v3/security/echo: the merchant's text comes back, its secret re-encrypted to the merchant;
 * and where an address is given, as a notification too. One call proves keys and codecs both ways.
 */
export function echo(context: SandboxContext, merchant: Merchant, call: RouteCall): object {
  const { body } = call;
  checkFields(FIELDS, body);
  const echo_message = textField(body, 'echo_message') ?? '';
  const clear = secretOf(call);
  const url = textField(body, 'notify_url');
  if (url !== undefined) {
    const secret = clear === undefined ? undefined : context.keys.seal(merchant, clear);
    context.notices.send({
      mchid: merchant.mchid,
      url,
      event_type: 'SECURITY_ECHO.SUCCESS',
      // The notification names the field otherwise than the answer does.
      content: {
        echo_message,
        ...(secret === undefined ? {} : { encrypt_echo_message: secret }),
      },
    });
  }
  const secret = clear === undefined ? undefined : call.seal(clear);
  return {
    echo_message,
    ...(secret === undefined ? {} : { encrypted_echo_message: secret }),
  };
}

function secretOf({ body, open, serial }: RouteCall): string | undefined {
  if (serial === '') {
    throw parameterError({
      field: 'Wechatpay-Serial',
      issue: 'missing',
      location: 'header',
      message: 'Http头缺少Wechatpay-Serial',
    });
  }
  const ciphertext = textField(body, 'encrypted_echo_message');
  if (ciphertext === undefined) return undefined;
  const clear = open(ciphertext);
  if (clear !== undefined) return clear;
  throw parameterError({
    field: '/encrypted_echo_message',
    issue: 'cannot be decrypted with the key of Wechatpay-Serial',
    location: 'body',
    message: '敏感字段解密失败，请使用Http头Wechatpay-Serial对应的公钥或平台证书加密',
  });
}
