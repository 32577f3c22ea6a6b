import { createHash } from 'node:crypto';
import {
  isWireObject,
  objectField,
  textField,
  type WireObject,
} from '../../../protocols/wechat-pay/messages.ts';
import type {
  Onboarding,
  OnboardingFact,
  OnboardingOutcome,
  PictureOutcome,
  RevocationOutcome,
  SellerApplication,
  SellerPicture,
} from '../../products/onboarding.ts';
import { type MerchantAccount, openAccount } from '../account.ts';
import { ask, tell } from '../ask.ts';
import type { Call, Client } from '../client.ts';
import { uploadFile } from '../files.ts';
import { notSent, toOutcome, unreadable } from '../refusals.ts';
import { openSealer } from '../trust/fields.ts';
import { missing, partnerApplication, platformApplication } from './applications.ts';
import { APPLICATIONS, PARTNER_APPLICATIONS, PICTURES } from './calls.ts';

/**
 * Sellers come to WeChat Pay through a platform (二级商户) or an ordinary partner (特约商户); which
 * of the two decides the account's role. A direct merchant has no sellers.
 */
export function onboarding(client: Client): Onboarding {
  return {
    submit: (account, application) => submit(client, openAccount(account), application),
    query: (account, reference) => query(client, openAccount(account), reference),
    revoke: (account, reference) => revoke(client, openAccount(account), reference),
    upload: (account, picture) => upload(client, openAccount(account), picture),
  };
}

const NO_SELLERS = 'A direct merchant has no sellers: use a partner’s or a platform’s account.';

async function submit(
  client: Client,
  account: MerchantAccount,
  application: SellerApplication,
): Promise<OnboardingOutcome> {
  const { role } = account;
  const operation = `${role === 'platform' ? APPLICATIONS : PARTNER_APPLICATIONS}/`;
  if (role === 'direct') return notSent(`POST ${operation}`, NO_SELLERS);
  const lacks = missing(application, role);
  if (lacks !== undefined) return notSent(`POST ${operation}`, `WeChat Pay asks for ${lacks}.`);
  const sealer = await openSealer(client, account);
  if (!sealer) return notSent(`POST ${operation}`, 'There is no key to encrypt with just now.');
  let tooLong = false;
  const seal = (text: string) => {
    const sealed = sealer.encrypt(text);
    tooLong ||= sealed === undefined;
    return sealed ?? '';
  };
  const body =
    role === 'platform'
      ? platformApplication(application, seal)
      : partnerApplication(application, seal);
  if (tooLong) return notSent(`POST ${operation}`, 'A sensitive field is too long.');
  const { serial } = sealer;
  const call: Call = { method: 'POST', target: operation, operation, serial, body };
  return tell<OnboardingFact>(client, account, {
    call,
    read: (content) => {
      const wallet_application_id = idOf(content);
      if (wallet_application_id === undefined) return 'no applyment_id';
      const { application_reference } = application;
      return { application_reference, wallet_application_id, state: 'reviewing' };
    },
  });
}

/** A number of up to 18 digits, as JSON gives it. */
function idOf(content: WireObject): string | undefined {
  const { applyment_id } = content;
  return typeof applyment_id === 'number' ? applyment_id.toString() : undefined;
}

async function query(
  client: Client,
  account: MerchantAccount,
  application_reference: string,
): Promise<OnboardingOutcome> {
  if (account.role === 'direct') return notSent(`GET ${APPLICATIONS}`, NO_SELLERS);
  const platform = account.role === 'platform';
  const base = platform
    ? `${APPLICATIONS}/out-request-no`
    : `${PARTNER_APPLICATIONS}/business_code`;
  return ask(client, account, {
    call: {
      method: 'GET',
      target: `${base}/${encodeURIComponent(application_reference)}`,
      operation: `${base}/{${platform ? 'out_request_no' : 'business_code'}}`,
    },
    read: (content) => {
      const fact = onboardingFact(content);
      if (!fact) return 'fields of the application are missing';
      const same = fact.application_reference === application_reference;
      return same ? fact : 'it is about another application';
    },
  });
}

/**
 * Only a platform's applications can be taken back, any number of times.
 */
async function revoke(
  client: Client,
  account: MerchantAccount,
  application_reference: string,
): Promise<RevocationOutcome> {
  const path = `${APPLICATIONS}/out-request-no`;
  const operation = `${path}/{out_request_no}/revoke`;
  if (account.role !== 'platform') {
    return notSent(`POST ${operation}`, 'Only a platform takes applications of sellers back.');
  }
  const target = `${path}/${encodeURIComponent(application_reference)}/revoke`;
  const outcome = await ask(client, account, {
    call: { method: 'POST', target, operation },
    read: (content) =>
      textField(content, 'out_request_no') === application_reference
        ? {}
        : 'it is about another application',
  });
  return outcome.kind === 'fact' ? { kind: 'revoked', trace: outcome.trace } : outcome;
}

const STATES: ReadonlyMap<string, OnboardingFact['state']> = new Map([
  ['CHECKING', 'reviewing'],
  ['AUDITING', 'reviewing'],
  ['ACCOUNT_NEED_VERIFY', 'needs_verification'],
  ['NEED_SIGN', 'needs_signature'],
  ['FINISH', 'finished'],
  ['REJECTED', 'rejected'],
  ['CANCELED', 'rejected'],
  ['FROZEN', 'frozen'],
  ['APPLYMENT_STATE_EDITTING', 'reviewing'],
  ['APPLYMENT_STATE_AUDITING', 'reviewing'],
  ['APPLYMENT_STATE_TO_BE_CONFIRMED', 'needs_verification'],
  ['APPLYMENT_STATE_TO_BE_SIGNED', 'needs_signature'],
  ['APPLYMENT_STATE_SIGNING', 'reviewing'],
  ['APPLYMENT_STATE_FINISHED', 'finished'],
  ['APPLYMENT_STATE_REJECTED', 'rejected'],
  ['APPLYMENT_STATE_CANCELED', 'rejected'],
]);

/** Both families' answers, and the notice of a finished application. */
export function onboardingFact(content: WireObject): OnboardingFact | undefined {
  const application_reference =
    textField(content, 'out_request_no') ?? textField(content, 'business_code');
  const state = STATES.get(textField(content, 'applyment_state') ?? '');
  if (!application_reference || !state) return undefined;
  const sub_merchant = textField(content, 'sub_mchid');
  const wallet_application_id = idOf(content);
  const action_url = textField(content, 'legal_validation_url') ?? textField(content, 'sign_url');
  const reasons = reasonsOf(content);
  return {
    application_reference,
    state,
    ...(wallet_application_id === undefined ? {} : { wallet_application_id }),
    ...(sub_merchant === undefined ? {} : { sub_merchant }),
    ...(action_url === undefined ? {} : { action_url }),
    ...(reasons.length === 0 ? {} : { reasons }),
    ...transferOf(content),
  };
}

function reasonsOf({ audit_detail }: WireObject): { field: string; message: string }[] {
  const list = Array.isArray(audit_detail) ? audit_detail.filter(isWireObject) : [];
  return list.map((reason) => ({
    field: textField(reason, 'param_name') ?? textField(reason, 'field') ?? '',
    message: textField(reason, 'reject_reason') ?? '',
  }));
}

/** A corporate account is proven by a small transfer to the wallet. */
function transferOf(content: WireObject): Pick<OnboardingFact, 'proof_transfer'> {
  const proof = objectField(content, 'account_validation');
  const amount = proof.pay_amount;
  if (typeof amount !== 'number' || !Number.isSafeInteger(amount)) return {};
  return {
    proof_transfer: {
      amount: BigInt(amount),
      to_account: textField(proof, 'destination_account_number') ?? '',
      to_name: textField(proof, 'destination_account_name') ?? '',
      to_bank: textField(proof, 'destination_account_bank') ?? '',
      remark: textField(proof, 'remark') ?? '',
      deadline: textField(proof, 'deadline') ?? '',
    },
  };
}

async function upload(
  client: Client,
  account: MerchantAccount,
  picture: SellerPicture,
): Promise<PictureOutcome> {
  const sha256 = createHash('sha256').update(picture.bytes).digest('hex');
  const result = await uploadFile(client, account, {
    target: PICTURES,
    meta: { filename: picture.name, sha256 },
    file: picture,
  });
  if (result.kind !== 'answer') return toOutcome(result);
  const media_id = textField(result.content, 'media_id');
  if (media_id === undefined) return unreadable(result.trace, 'no media_id');
  return { kind: 'uploaded', picture: media_id, trace: result.trace };
}
