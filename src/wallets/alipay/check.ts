import { Refusal } from '../../errors.ts';
import { ulid } from '../../ids.ts';
import { chainProblem } from '../../protocols/alipay/certificates.ts';
import type { CredentialCheck, WalletAccount } from '../wallet.ts';
import { type AlipayAccount, openAccount } from './account.ts';
import type { Gateway } from './gateway.ts';
import { type Believed, believe, type RawAnswer } from './trust/answer.ts';
import { accepted, diagnose, fail, pass } from './trust/diagnosis.ts';

/**
 * The credential doctor: asks for an order that cannot exist and reads from the answer which
 * setting or secret is wrong. It moves no money and creates nothing.
 */
const METHOD = 'alipay.trade.query';
const MAX_SKEW_MS = 5 * 60_000;

function keysOf(account: WalletAccount): AlipayAccount | CredentialCheck {
  try {
    return openAccount(account);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const name = error.detail.param?.split('.').at(-1) ?? 'account';
    return fail(name, error.message);
  }
}

/** What certificates say of themselves, before anybody is asked. */
function certificateChecks(account: AlipayAccount, at: Date): CredentialCheck[] {
  const { trust } = account;
  if (trust.mode === 'key') return [];
  const checks: CredentialCheck[] = [];
  const own = trust.own;
  if (own && Date.parse(own.validTo) <= at.getTime()) {
    checks.push(fail('app_certificate', `our certificate was in force until ${own.validTo}`));
  }
  // Consoles also hand the leaf out alone; then only what the wallet signs with can tell.
  if (trust.alipay.length > 1) {
    const problem = chainProblem({ chain: trust.alipay, roots: trust.roots, at });
    checks.push(
      problem === undefined
        ? pass('alipay_root_certificate', 'Alipay’s certificate leads to these roots')
        : fail('alipay_root_certificate', `Alipay’s certificate cannot be trusted: ${problem}`),
    );
  }
  return checks;
}

function clockCheck(raw: RawAnswer, real: Date): CredentialCheck[] {
  const theirs = Date.parse(raw.headers['date'] ?? '');
  if (Number.isNaN(theirs)) return [];
  const off = real.getTime() - theirs;
  if (Math.abs(off) <= MAX_SKEW_MS) return [];
  const minutes = Math.round(off / 60_000);
  return [fail('timestamps', `the clock of this machine is ${minutes} minutes off Alipay’s`)];
}

function theirSide(account: AlipayAccount, believed: Believed): CredentialCheck {
  const { mode } = account.trust;
  const name = mode === 'key' ? 'alipay_public_key' : 'alipay_certificate';
  if (believed.kind === 'said') return pass(name, 'the answer verifies');
  const advice =
    mode === 'key'
      ? 'copy 支付宝公钥 of this very application from the console'
      : 'download 支付宝公钥证书 of this very application, and the root certificates, again';
  return fail(name, `${believed.reason}: ${advice}`);
}

function isGateway(raw: RawAnswer, believed: Believed): CredentialCheck {
  const name = 'gateway';
  if (raw.status !== 200) return fail(name, `the gateway answered HTTP ${raw.status}`);
  if (believed.kind === 'said' || believed.said || raw.text.includes('_response"')) {
    return pass(name, 'the gateway answers');
  }
  const hint = 'it ends in /gateway.do';
  return fail(name, `this address is no Alipay gateway (${believed.reason}); ${hint}`);
}

/** Hidden content that our key does not open. */
function isUnreadable(raw: RawAnswer, believed: Believed): boolean {
  return believed.kind === 'doubted' && !believed.said && raw.text.includes('_response":"');
}

async function askV3(gateway: Gateway, account: AlipayAccount): Promise<CredentialCheck> {
  const name = 'protocol';
  const asked = await ask(gateway, { ...account, protocol: 'v3' });
  if ('failure' in asked) return fail(name, `OpenAPI v3 cannot be reached: ${asked.failure}`);
  const { raw, believed } = asked;
  const sub_code = believed.kind === 'said' ? believed.sub_code : (believed.said?.sub_code ?? '');
  if (believed.kind === 'said' && sub_code === 'ACQ.TRADE_NOT_EXIST') {
    return pass(name, 'OpenAPI v3 answers');
  }
  return fail(name, `OpenAPI v3 answered HTTP ${raw.status} ${sub_code}`);
}

async function ask(
  gateway: Gateway,
  account: AlipayAccount,
): Promise<{ raw: RawAnswer; believed: Believed } | { failure: string }> {
  const biz_content = { out_trade_no: `HUTONGCHECK${ulid()}` };
  const sent = await gateway.send(account, { method: METHOD, biz_content });
  if (sent.kind === 'held') return { failure: sent.message };
  if (sent.kind === 'failed') return { failure: sent.error.message };
  const { raw, encrypted } = sent;
  const believed = await believe({
    account,
    method: METHOD,
    raw,
    encrypted,
    real: gateway.real(),
    keyOf: (sn) => gateway.keyOf(account, sn),
  });
  return { raw, believed };
}

export async function checkCredentials(
  gateway: Gateway,
  account: WalletAccount,
): Promise<CredentialCheck[]> {
  const opened = keysOf(account);
  if ('ok' in opened) return [opened];
  const { mode } = opened.trust;
  const parsed = pass('keys', `everything of ${mode} mode parses and fits together`);
  const checks = [parsed, ...certificateChecks(opened, gateway.real())];
  // gateway.do signs refusals too, so it is asked first whatever the protocol.
  const asked = await ask(gateway, { ...opened, protocol: 'gateway' });
  if ('failure' in asked) {
    return [...checks, fail('gateway', `the gateway cannot be reached: ${asked.failure}`)];
  }
  const { raw, believed } = asked;
  const answers = isGateway(raw, believed);
  checks.push(answers);
  if (!answers.ok) return checks;
  checks.push(...clockCheck(raw, gateway.real()));
  if (isUnreadable(raw, believed)) {
    const hint = 'the answer is encrypted under another key';
    return [...checks, ...accepted(opened, 'aes_key'), fail('aes_key', hint)];
  }
  const said = believed.kind === 'said' ? believed : believed.said;
  checks.push(...diagnose(opened, said?.sub_code ?? ''), theirSide(opened, believed));
  const isWell = checks.every(({ ok }) => ok);
  return isWell && opened.protocol === 'v3' ? [...checks, await askV3(gateway, opened)] : checks;
}
