import type { DialView } from '../../../web/phone/view.ts';
import { STRENGTHS, type Strength } from '../../../web/phone/words.ts';
import { fromYuan } from '../../money.ts';
import {
  FAULTS,
  type Fault,
  type FaultDial,
  type FaultSetting,
  STANDARD_DEGREE,
} from '../faults.ts';
import type { WalletSandbox } from '../sandbox.ts';
import type { Device } from './device.ts';

/** The fault dial between the page's few strengths and what a dial can hold. */
const SOME = 0.2;
const MAX_COUNT = 1_000_000;

/** What the page's four strengths mean; scripts may set anything in between. */
function settingOf(fault: Fault, strength: Strength): FaultSetting {
  const shared = { fault, ...STANDARD_DEGREE[fault] };
  switch (strength) {
    case 'off':
      return { ...shared, probability: 0 };
    case 'once':
      return { ...shared, probability: 1, remaining: 1 };
    case 'some':
      return { ...shared, probability: SOME };
    case 'always':
      return { ...shared, probability: 1 };
    default:
      return strength satisfies never;
  }
}

function strengthOf(setting: FaultSetting | undefined): Strength | 'custom' {
  if (!setting || setting.remaining === 0) return 'off';
  if (setting.probability === 1 && setting.remaining === 1) return 'once';
  if (setting.remaining !== undefined) return 'custom';
  if (setting.probability === SOME) return 'some';
  return setting.probability === 1 ? 'always' : 'custom';
}

function isNarrow({ operation, amount }: FaultSetting): boolean {
  return operation !== undefined || amount !== undefined;
}

export function dialView(dial: FaultDial, sandbox: WalletSandbox): DialView {
  const wide = dial.settings.filter((setting) => !isNarrow(setting));
  const found = (fault: Fault) => wide.find((setting) => setting.fault === fault);
  return {
    faults: new Map(FAULTS.map((fault) => [fault, strengthOf(found(fault))])),
    narrow: dial.settings.filter((setting) => isNarrow(setting) && setting.remaining !== 0),
    sentinels: dial.sentinels,
    operations: operationsOf(sandbox),
  };
}

/** By the name of the dial where the sandbox has one, else by the call's own. */
function operationsOf({ coverage }: WalletSandbox): string[] {
  const names = coverage.map((call) =>
    'operation' in call && typeof call.operation === 'string' ? call.operation : call.call,
  );
  return [...new Set(names)];
}

/** The strengths a form sent; a fault it does not name stays as it is. */
export function setStrengths(
  device: Device,
  wallet: WalletSandbox['wallet'],
  form: URLSearchParams,
): void {
  for (const fault of FAULTS) {
    const strength = STRENGTHS.find((known) => known === form.get(fault));
    if (strength) device.setFault(wallet, settingOf(fault, strength));
  }
}

/** One fault at one operation or amount; or all of these removed. */
export function setNarrow(
  device: Device,
  wallet: WalletSandbox['wallet'],
  form: URLSearchParams,
): void {
  const dial = device.faults[wallet];
  if (form.get('clear') === 'yes') {
    dial.set(dial.settings.filter((setting) => !isNarrow(setting)));
    return;
  }
  const fault = FAULTS.find((known) => known === form.get('fault'));
  const operation = (form.get('operation') ?? '').trim().slice(0, 128);
  const typed = fromYuan((form.get('amount') ?? '').trim());
  const amount = typed !== undefined && typed > 0n ? typed : undefined;
  const count = wholeNumber(form.get('count'), MAX_COUNT);
  const percent = wholeNumber(form.get('percent'), 100) ?? 100;
  const seed = wholeNumber(form.get('seed'), Number.MAX_SAFE_INTEGER);
  if (seed !== undefined) dial.set(dial.settings, seed);
  if (!fault || (operation === '' && amount === undefined)) return;
  device.setFault(wallet, {
    fault,
    ...STANDARD_DEGREE[fault],
    probability: percent / 100,
    ...(count === undefined ? {} : { remaining: count }),
    ...(operation === '' ? {} : { operation }),
    ...(amount === undefined ? {} : { amount }),
  });
}

function wholeNumber(text: string | null, most: number): number | undefined {
  if (text === null || !/^\d{1,15}$/.test(text.trim())) return undefined;
  return Math.min(Number(text), most);
}
