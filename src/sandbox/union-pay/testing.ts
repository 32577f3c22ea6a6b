import { rm } from 'node:fs/promises';
import { keysFolder } from '../../../test/support/sandbox-keys.ts';
import type { Clock } from '../../clock.ts';
import {
  certIdOf,
  judgeSigner,
  readCertificate,
  readPrivateKey,
} from '../../protocols/union-pay/certificates.ts';
import {
  decodeAnswer,
  encodeForm,
  MAX_FILE_MESSAGE_CHARACTERS,
  type Message,
  messageOf,
} from '../../protocols/union-pay/message.ts';
import { signMessage, verifyMessage } from '../../protocols/union-pay/signature.ts';
import { stamp } from '../../protocols/union-pay/transactions.ts';
import { FaultDial } from '../faults.ts';
import { sandboxRandom } from '../random.ts';
import { RequestLog } from '../requests.ts';
import type { Person, WalletSandbox } from '../sandbox.ts';
import { memoryJournal, SandboxStore } from '../store.ts';
import { startUnionPaySandbox } from './sandbox.ts';

/** For tests: a sandbox on a port of its own, a clock to move, a merchant's pen and ear. */
export const PEOPLE: readonly Person[] = [
  { id: 'lin', name: { zh: '林小雨', en: 'Lin Xiaoyu' } },
  { id: 'chen', name: { zh: '陈大海', en: 'Chen Dahai' } },
  { id: 'poor', name: { zh: '钱少', en: 'Qian Shao' } },
];

export interface TestSandbox {
  readonly sandbox: WalletSandbox;
  readonly clock: Clock & { advance(milliseconds: number): void };
  readonly faults: FaultDial;
  readonly store: SandboxStore;
  readonly keys_dir: string;
  readonly requests: RequestLog;
  stop(): Promise<void>;
}

interface Options {
  readonly store?: SandboxStore;
  readonly keys_dir?: string;
  readonly rate_limits?: boolean;
  /** Where business time begins. */
  readonly at?: string;
  readonly notify_pace?: number;
}

function testClock(at: string | undefined) {
  let offset = at === undefined ? 0 : Date.parse(at) - Date.now();
  return {
    now: () => new Date(Date.now() + offset),
    real: () => new Date(),
    advance(milliseconds: number) {
      offset += milliseconds;
    },
  };
}

export async function openTestSandbox(options: Options = {}): Promise<TestSandbox> {
  const keys_dir = options.keys_dir ?? (await keysFolder('union_pay'));
  const store = options.store ?? (await SandboxStore.open(memoryJournal));
  const clock = testClock(options.at);
  const faults = new FaultDial();
  const requests = new RequestLog(() => clock.real());
  const sandbox = await startUnionPaySandbox({
    host: '127.0.0.1',
    port: 0,
    keys_dir,
    clock,
    store,
    faults,
    people: PEOPLE,
    notify_pace: options.notify_pace ?? 0.00001,
    random: sandboxRandom(),
    requests,
    rate_limits: options.rate_limits ?? false,
  });
  return {
    sandbox,
    clock,
    faults,
    store,
    keys_dir,
    requests,
    async stop() {
      await sandbox.stop();
      await store.stop();
      if (options.keys_dir === undefined) await rm(keys_dir, { recursive: true, force: true });
    },
  };
}

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
