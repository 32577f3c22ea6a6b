import { ofBills } from './bill-plants.ts';
import { ofAnswers, ofChain, ofLedger } from './ledger-plants.ts';
import { ofTalk } from './message-plants.ts';
import { ofParts } from './part-plants.ts';
import { ofAttemptsAndRefunds, ofHolds, ofPayments } from './payment-plants.ts';
import type { Plant } from './plant.ts';
import type { RichBooks } from './rich-books.ts';
import { ofSettlement } from './settlement-plants.ts';

/** At least one violation of every law. */
export function plantsIn(books: RichBooks): readonly Plant[] {
  return [
    ...ofLedger(books),
    ...ofChain(books),
    ...ofAnswers(books),
    ...ofPayments(books),
    ...ofAttemptsAndRefunds(books),
    ...ofHolds(books),
    ...ofSettlement(books),
    ...ofBills(books),
    ...ofParts(books),
    ...ofTalk(books),
  ];
}
