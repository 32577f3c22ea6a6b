import { expect, test } from 'vitest';
import { newWalletReference } from '../../ids.ts';
import { toldOfFund } from './told.ts';

const movement = (wallet_reference: string) => ({
  kind: 'fund' as const,
  line: 1,
  entry_id: '1',
  direction: 'out' as const,
  amount: 100n,
  balance: 0n,
  at: new Date('2026-11-20T10:00:00+08:00'),
  type: '提现',
  wallet_reference,
  note: '',
});
const told = (reference: string) => toldOfFund([0, 3], movement(reference), { shares: false });

test('a movement is told of a payout only under a number that may be ours', () => {
  expect(told(newWalletReference(0))).toMatchObject({ about: 'payout', book: 0, amount: 100n });
  expect(told(newWalletReference(3))).toMatchObject({ book: 3 });
  expect(told(newWalletReference(4))).toBeUndefined();
  // The number that WeChat Pay itself gives to a top-up or a withdrawal by hand.
  expect(told('1200385378872072659512084667')).toBeUndefined();
  expect(told('0017752501201407033233368018')).toBeUndefined();
});
