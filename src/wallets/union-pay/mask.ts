import type { Message } from '../../protocols/union-pay/message.ts';

/** What the timeline may show: card data are cut, signatures and files are out, size is bounded. */
const PERSONAL: readonly string[] = ['accNo', 'customerInfo', 'qrNo', 'payCardNo', 'customerIp'];
const LEFT_OUT: readonly string[] = [
  'signature',
  'signPubKeyCert',
  'encryptPubKeyCert',
  'fileContent',
];
const MAX_TEXT = 1000;
const MAX_FIELDS = 60;

function cut(value: string): string {
  return value.length <= 8 ? '****' : `${value.slice(0, 4)}****${value.slice(-4)}`;
}

export function masked(message: Message): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const [name, value] of [...message].slice(0, MAX_FIELDS)) {
    if (LEFT_OUT.includes(name)) continue;
    shown[name] = PERSONAL.includes(name) ? cut(value) : value.slice(0, MAX_TEXT);
  }
  return shown;
}
