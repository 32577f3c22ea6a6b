import type { Person } from '../sandbox.ts';

/** Who holds the sandbox phones, and what each wallet of theirs starts with, in fen. */
export interface PhonePerson extends Person {
  readonly starting_balance: bigint;
}

const WELL_OFF = 100_000_000n;
const ONE_YUAN = 100n;

export const PEOPLE: readonly PhonePerson[] = [
  { id: 'lin-xia', name: { zh: '林夏', en: 'Lin Xia' }, starting_balance: WELL_OFF },
  { id: 'chen-yu', name: { zh: '陈宇', en: 'Chen Yu' }, starting_balance: WELL_OFF },
  { id: 'wang-min', name: { zh: '王敏', en: 'Wang Min' }, starting_balance: WELL_OFF },
  // Has a single yuan, so that "insufficient balance" can be tried without any setting.
  { id: 'zhou-ping', name: { zh: '周平', en: 'Zhou Ping' }, starting_balance: ONE_YUAN },
];
