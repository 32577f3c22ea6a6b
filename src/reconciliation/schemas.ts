import { z } from '@hono/zod-openapi';
import * as form from '../http/schemas.ts';
import { BILL_STATES } from './bill.ts';
import { BREAK_ACTIONS, BREAK_KINDS, BREAK_STATES, BREAK_SUBJECTS } from './breaks/break.ts';

/** Forms of bills and breaks in the API. */
const signed = z.int().openapi({ type: 'integer', format: 'int64', description: 'fen, signed' });
const sum = z.object({ count: z.int(), amount: signed });

const side = z
  .object({
    bill: sum.openapi({ description: 'What the lines of the bill add up to.' }),
    books: sum.openapi({ description: 'What our books have of that day.' }),
    breaks: sum.openapi({ description: 'What the breaks make of it.' }),
    difference: signed.openapi({ description: 'bill − books − breaks: always 0.' }),
  })
  .openapi('BillSide');

const fundsReport = z.object({
  opening: signed,
  in: sum,
  out: sum,
  closing: signed,
  traded: signed.openapi({ description: 'Movements of the payments and refunds in this bill.' }),
  expected: signed.openapi({ description: 'Payments less refunds less fees.' }),
  other: z
    .array(z.object({ type: z.string(), in: sum, out: sum }))
    .openapi({ description: 'Any other movements, by the wallet’s own names.' }),
});

const sellerReport = fundsReport.omit({ expected: true }).extend({
  seller: z.string().openapi({ description: 'The seller’s number at the wallet.' }),
  opening: signed.nullable(),
  closing: signed.nullable().openapi({
    description: 'Null when the movements do not follow from each other.',
  }),
  expected: signed.nullable().openapi({
    description: 'What `closing` must be by our ledger; null when it is not compared.',
  }),
  not_compared: z.string().nullable().openapi({
    description: 'Why it is not compared, or why a difference is no break of its own.',
  }),
});

const reportObject = z
  .object({
    lines: z.int(),
    payments: side,
    refunds: side,
    fees: z.object({
      bill: signed,
      estimated: signed.openapi({ description: 'Booked with the payments and refunds.' }),
      corrected: signed.openapi({ description: 'Posted because of the bill.' }),
      unbooked: signed.openapi({ description: 'Of lines that are breaks.' }),
      difference: signed.openapi({ description: 'Always 0.' }),
    }),
    net: z
      .object({ bill: signed, books: signed, breaks: signed, difference: signed })
      .openapi({ description: 'Payments less refunds less fees.' }),
    completed: z
      .int()
      .openapi({ description: 'Payments and refunds of which only the bill has told.' }),
    breaks: z.array(sum.extend({ kind: z.enum(BREAK_KINDS) })),
    funds: fundsReport.nullable(),
    splits: side.nullable().openapi({
      description: 'Given to receivers less what came back; null when no bill tells of it.',
    }),
    payouts: side.nullable().openapi({
      description: 'Left for sellers less what came back; null when no bill tells of it.',
    }),
    sellers: z.array(sellerReport).nullable().openapi({
      description: 'Sellers under a platform’s account; null when no bill tells of them.',
    }),
    not_compared: z
      .array(z.object({ bill: z.string(), why: z.string(), passing: z.boolean() }))
      .openapi({ description: 'Bills that the day needs and that were not there, and why.' }),
  })
  .openapi('BillReport');

export const billObject = z
  .object({
    ...form.objectFields('bil', 'bill'),
    wallet_account: form.id('wac'),
    date: z.string().openapi({ format: 'date', description: 'Business date, Asia/Shanghai.' }),
    state: z.enum(BILL_STATES),
    problem: z.string().nullable().openapi({ description: 'Why it is not closed, or not again.' }),
    runs: z.int().openapi({ description: 'How often it was compared.' }),
    report: reportObject.nullable(),
    closed_at: form.timestampOut.nullable(),
  })
  .openapi('Bill');

export const breakObject = z
  .object({
    ...form.objectFields('brk', 'break'),
    wallet_account: form.id('wac'),
    bill: form.id('bil').nullable(),
    payment: form.id('pay').nullable(),
    kind: z.enum(BREAK_KINDS),
    about: z.enum(BREAK_SUBJECTS),
    subject: z.string().openapi({ description: 'The number of what differs.' }),
    amount: signed
      .nullable()
      .openapi({ description: 'Fen; positive: by the wallet there is more than by our books.' }),
    fee: signed.nullable(),
    currency: form.currency,
    state: z.enum(BREAK_STATES),
    age_days: z.int(),
    actions: z
      .array(z.enum(BREAK_ACTIONS))
      .openapi({ description: 'What may be done about it, the suggested one first.' }),
    suggested_action: z.enum(BREAK_ACTIONS).nullable(),
    detail: z.record(z.string(), z.unknown()).openapi({ description: 'Both sides’ figures.' }),
    trail: z
      .array(
        z.object({
          at: form.timestampOut,
          by: z.string(),
          action: z.string(),
          note: z.string(),
          postings: z.array(z.string()),
        }),
      )
      .openapi({ description: 'Who did what, when and why, oldest first.' }),
    resolved_at: form.timestampOut.nullable(),
  })
  .openapi('Break');

/** A calendar day that exists. */
export const businessDay = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'must be YYYY-MM-DD')
  .refine((text) => isDay(text), { message: 'must be a day of the calendar' })
  .openapi({ format: 'date', example: '2026-11-20' });

function isDay(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}
