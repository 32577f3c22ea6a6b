import type {
  Onboarding,
  OnboardingFact,
  OnboardingOutcome,
  PictureOutcome,
  SellerApplication,
  SellerPicture,
} from '../../products/onboarding.ts';
import { type AlipayAccount, openAccount } from '../account.ts';
import type { Fields } from '../facts.ts';
import { type Gateway, refusedBy, undecided } from '../gateway.ts';
import { applicationContent } from './application.ts';

/**
 * Sellers under a platform: an application is created, reviewed, and gives the seller's number.
 * https://opendocs.alipay.com/solution/dfebf71b_ant.merchant.expand.indirect.zftorder.query
 */
const STATES: ReadonlyMap<unknown, OnboardingFact['state']> = new Map([
  ['99', 'finished'],
  ['-1', 'rejected'],
  ['031', 'reviewing'],
] as const);
const PICTURE_TYPES: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/bmp': 'bmp',
  'image/gif': 'gif',
};

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Each stage of the review has a note of its own. */
function reasonsOf(order: Fields): OnboardingFact['reasons'] {
  return ['reason', 'fk_audit_memo', 'kz_audit_memo'].flatMap((field) => {
    const message = text(order[field]);
    return message === undefined ? [] : [{ field, message }];
  });
}

/** A seller must agree to what the platform applied for. */
function stateOf(order: Fields): OnboardingFact['state'] | undefined {
  const state = STATES.get(order['status']);
  const waits = ['CREATE', 'NOT_CONFIRM'].includes(String(order['sub_confirm']));
  return state === 'reviewing' && waits ? 'needs_signature' : state;
}

function factOf(order: Fields): OnboardingFact | undefined {
  const application_reference = text(order['external_id']);
  const state = stateOf(order);
  if (application_reference === undefined || !state) return undefined;
  const order_id = text(order['order_id']);
  const smid = text(order['smid']);
  const action_url = text(order['sub_sign_short_chain_url']);
  return {
    application_reference,
    state,
    ...(order_id !== undefined && { wallet_application_id: order_id }),
    // The number counts only once the application is finished.
    ...(smid !== undefined && state === 'finished' && { sub_merchant: smid }),
    ...(action_url !== undefined && { action_url }),
    ...(state === 'rejected' && { reasons: reasonsOf(order) ?? [] }),
  };
}

/** The wallet's message that an application passed or was rejected. */
export function decisionFact(
  content: Fields,
  outcome: 'finished' | 'rejected',
): OnboardingFact | undefined {
  const status = outcome === 'finished' ? '99' : '-1';
  return factOf({ ...content, status });
}

async function submit(
  gateway: Gateway,
  account: AlipayAccount,
  application: SellerApplication,
): Promise<OnboardingOutcome> {
  const answer = await gateway.call(account, {
    method: 'ant.merchant.expand.indirect.zft.create',
    biz_content: applicationContent(application),
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace } = answer;
  if (answer.code !== '10000') return refusedBy(answer);
  const order_id = text(answer.value['order_id']);
  if (order_id === undefined) {
    return { kind: 'unknown', cause: 'the answer names no application', trace };
  }
  const { application_reference } = application;
  const fact = {
    application_reference,
    wallet_application_id: order_id,
    state: 'reviewing',
  } as const;
  return { kind: 'fact', fact, trace };
}

/** Of several applications under one number the last one counts. */
async function query(
  gateway: Gateway,
  account: AlipayAccount,
  application_reference: string,
): Promise<OnboardingOutcome> {
  const answer = await gateway.call(account, {
    method: 'ant.merchant.expand.indirect.zftorder.query',
    biz_content: { external_id: application_reference },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace, value } = answer;
  if (answer.code !== '10000') return refusedBy(answer);
  const orders = value['orders'];
  const last: unknown = Array.isArray(orders) ? orders.at(-1) : undefined;
  if (last === undefined) return { kind: 'not_found', trace };
  const fact = typeof last === 'object' && last !== null ? factOf({ ...last }) : undefined;
  if (fact?.application_reference !== application_reference) {
    return { kind: 'unknown', cause: 'the answer is about another application', trace };
  }
  return { kind: 'fact', fact, trace };
}

async function upload(
  gateway: Gateway,
  account: AlipayAccount,
  { name, content_type, bytes }: SellerPicture,
): Promise<PictureOutcome> {
  const method = 'ant.merchant.expand.indirect.image.upload';
  const image_type = PICTURE_TYPES[content_type];
  if (image_type === undefined) {
    const message = `${content_type}: pictures are ${Object.keys(PICTURE_TYPES).join(', ')}`;
    const trace = { operation: method, duration_ms: 0, request: { content_type } };
    return { kind: 'refused', code: 'invalid_request', message, trace };
  }
  const answer = await gateway.call(account, {
    method,
    extra: { image_type },
    file: { name: 'image_content', filename: name, bytes },
  });
  if (answer.kind !== 'answered') return undecided(answer);
  const { trace } = answer;
  if (answer.code !== '10000') return refusedBy(answer);
  const picture = text(answer.value['image_id']);
  if (picture === undefined) return { kind: 'unknown', cause: 'no picture number', trace };
  return { kind: 'uploaded', picture, trace };
}

export function onboarding(gateway: Gateway): Onboarding {
  return {
    submit: (account, application) => submit(gateway, openAccount(account), application),
    query: (account, reference) => query(gateway, openAccount(account), reference),
    upload: (account, picture) => upload(gateway, openAccount(account), picture),
  };
}
