import type { IncomingHttpHeaders } from 'node:http';
import {
  certIdOf,
  judgeSigner,
  readCertificate,
  readPrivateKey,
} from '../../protocols/union-pay/certificates.ts';
import {
  decodeAnswer,
  decodeForm,
  encodeForm,
  MAX_FILE_MESSAGE_CHARACTERS,
  type Message,
  messageOf,
} from '../../protocols/union-pay/message.ts';
import { signMessage, verifyMessage } from '../../protocols/union-pay/signature.ts';
import { stamp } from '../../protocols/union-pay/transactions.ts';
import {
  openListener,
  startTestSandbox,
  type TestSandbox,
  type TestSandboxOptions,
  testClock,
} from '../testing.ts';
import { startUnionPaySandbox } from './sandbox.ts';

export type { TestSandbox } from '../testing.ts';

type Options = Omit<TestSandboxOptions, 'clock'> & {
  /** Where business time begins. */
  readonly at?: string;
};

/** For tests: this wallet's sandbox, and a merchant's pen and ear. */
export function openTestSandbox({ at, ...options }: Options = {}): Promise<TestSandbox> {
  return startTestSandbox('union_pay', startUnionPaySandbox, { ...options, clock: testClock(at) });
}

export interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly message: Message;
  readonly at: number;
}

/** A merchant's server that hears notices. */
export async function openEar() {
  const listener = await openListener<Heard>({
    path: '/notice',
    hear: (headers, body) => {
      const message = decodeForm(body.toString('utf8')) ?? new Map();
      return { headers, message, at: Date.now() };
    },
  });
  return { ...listener, answer: (status: number) => listener.reply(status) };
}

export type Ear = Awaited<ReturnType<typeof openEar>>;

type Fields = Readonly<Record<string, string | undefined>>;

/** A merchant that speaks the protocol by hand, to try what no connector would send. */
export class Pen {
  readonly #world: TestSandbox;
  readonly back_url: string;
  #serial = 0;

  constructor(world: TestSandbox, back_url: string) {
    this.#world = world;
    this.back_url = back_url;
  }

  /** A number that was not used before. */
  orderId(): string {
    this.#serial += 1;
    return `ORDER${this.#serial.toString().padStart(10, '0')}`;
  }

  fields(type: string, more: Fields = {}): Fields {
    const [txnType, txnSubType] = type.split('/');
    const { credentials, settings } = this.#world.sandbox.merchantAccount();
    return {
      version: '5.1.0',
      encoding: 'UTF-8',
      signMethod: '01',
      certId: certIdOf(readCertificate(credentials['certificate'] ?? '')),
      accessType: '0',
      channelType: '08',
      merId: String(settings['mer_id']),
      bizType: '000000',
      txnType,
      txnSubType,
      txnTime: stamp(new Date()),
      currencyCode: '156',
      backUrl: this.back_url,
      ...more,
    };
  }

  sign(fields: Fields): Promise<Message> {
    const { credentials } = this.#world.sandbox.merchantAccount();
    return signMessage(readPrivateKey(credentials['private_key'] ?? ''), messageOf(fields));
  }

  post(path: string, body: string): Promise<Response> {
    return fetch(`${this.#world.sandbox.url}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      body,
    });
  }

  /** Signs, sends, and believes the answer only as a merchant should. */
  async call(file: string, type: string, more: Fields = {}): Promise<Record<string, string>> {
    const message = await this.sign(this.fields(type, more));
    const path = file === '' ? '/' : `/gateway/api/${file}`;
    return this.believe(await (await this.post(path, encodeForm(message))).text());
  }

  /** Throws for an answer that UnionPay did not sign. */
  believe(text: string): Record<string, string> {
    const message = decodeAnswer(text, MAX_FILE_MESSAGE_CHARACTERS);
    if (!message) throw new Error(`no message: ${text.slice(0, 200)}`);
    this.check(message);
    return Object.fromEntries(message);
  }

  check(message: Message): void {
    const { credentials } = this.#world.sandbox.merchantAccount();
    const store = {
      root: readCertificate(credentials['root_certificate'] ?? ''),
      middle: readCertificate(credentials['middle_certificate'] ?? ''),
      test_signer: false,
    };
    const verdict = judgeSigner(store, message.get('signPubKeyCert') ?? '', new Date());
    if (!verdict.ok) throw new Error(verdict.message);
    if (!verifyMessage(verdict.key, message)) throw new Error('the signature is wrong');
  }

  /** A code that is paid; answers the payment's number. */
  async paid(amount: string, person = 'lin', more: Fields = {}): Promise<PaidOrder> {
    const orderId = this.orderId();
    const txnTime = stamp(new Date());
    const order = { orderId, txnTime, txnAmt: amount, ...more };
    const { qrCode = '' } = await this.call('backTransReq.do', '01/07', order);
    const scan = await this.#world.sandbox.scan(person, qrCode);
    await this.#world.sandbox.confirm(scan.id, 'pay');
    const asked = await this.call('queryTrans.do', '00/00', { orderId, txnTime });
    return { orderId, txnTime, queryId: asked['queryId'] ?? '' };
  }
}

export interface PaidOrder {
  readonly orderId: string;
  readonly txnTime: string;
  readonly queryId: string;
}
