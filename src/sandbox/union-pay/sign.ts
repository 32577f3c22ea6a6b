import type { Message } from '../../protocols/union-pay/message.ts';
import { signMessage } from '../../protocols/union-pay/signature.ts';
import type { UnionPay } from './books.ts';

/** Real messages carry the certificate with these line ends. */
function onTheWire(certificate: string): string {
  return certificate.trim().replace(/\r?\n/g, '\r\n');
}

/** What the wallet says, with its certificate and signature; `wrong` spoils the signature. */
export async function signAnswer(
  union: UnionPay,
  message: Message,
  options: { readonly wrong?: boolean } = {},
): Promise<Message> {
  const { signer } = union.keys;
  const whole = new Map([...message, ['signPubKeyCert', onTheWire(signer.certificate)] as const]);
  const signed = await signMessage(signer.key, whole);
  if (options.wrong !== true) return signed;
  const bytes = Buffer.from(signed.get('signature') ?? '', 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 0xff;
  return new Map([...signed, ['signature', bytes.toString('base64')]]);
}
