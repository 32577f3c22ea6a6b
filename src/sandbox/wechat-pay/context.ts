import type { Clock } from '../../clock.ts';
import type { FaultDial } from '../faults.ts';
import type { Funds } from '../funds.ts';
import type { SandboxRandom } from '../random.ts';
import type { RequestLog } from '../requests.ts';
import type { Person } from '../sandbox.ts';
import type { SandboxStore } from '../store.ts';
import type { BillDays } from './bills/days.ts';
import type { BillFiles } from './bills/files.ts';
import type { Books } from './books.ts';
import type { WithdrawalBook } from './ecommerce/withdrawal-book.ts';
import type { Apps } from './merchants/apps.ts';
import type { Merchant } from './merchants/keys.ts';
import type { SubMerchants } from './merchants/sub-merchants.ts';
import type { WalletKeys } from './merchants/wallet-keys.ts';
import type { Notices } from './notices.ts';
import type { ApplicationBook } from './onboarding/applications.ts';
import type { Coupons } from './orders/coupons.ts';
import type { Charges } from './payer-codes/charges.ts';
import type { PayerCodes } from './payer-codes/codes.ts';
import type { SharingBook } from './sharing/book.ts';
import type { TransferBook } from './transfers/book.ts';

/** What the parts of one running sandbox share. */
export interface SandboxContext {
  readonly clock: Clock;
  readonly store: SandboxStore;
  readonly books: Books;
  readonly funds: Funds;
  /** What belongs into the bill of which day. */
  readonly days: BillDays;
  readonly bill_files: BillFiles;
  readonly transfers: TransferBook;
  readonly notices: Notices;
  readonly faults: FaultDial;
  readonly people: readonly Person[];
  /** By merchant number: direct merchants, partners, platforms. */
  readonly merchants: ReadonlyMap<string, Merchant>;
  readonly sub_merchants: SubMerchants;
  readonly apps: Apps;
  /** What the wallet signs and encrypts with towards each of them. */
  readonly keys: WalletKeys;
  readonly payer_codes: PayerCodes;
  readonly charges: Charges;
  readonly coupons: Coupons;
  readonly sharing: SharingBook;
  readonly withdrawals: WithdrawalBook;
  readonly applications: ApplicationBook;
  readonly random: SandboxRandom;
  readonly requests: RequestLog;
  readonly rate_limits: boolean;
  /** Time between accepting a refund and its arrival, milliseconds. */
  readonly refund_delay_ms: number;
  readonly listen_host: string;
  /** Root URL of this sandbox. */
  url(): string;
  /** Who a person is at an app id: the merchant's own, or a seller's under its salt. */
  openid(person: string, app: Pick<Merchant, 'appid' | 'openid_salt'>): string;
  /** Who an openid is, and at which app id. */
  personOf(openid: string): { person: string; appid: string } | undefined;
  /** Runs once after real milliseconds, unless the sandbox stops before. */
  later(work: () => void, wait_ms: number): void;
}
