import type { WalletName } from '../../src/wallets/wallet.ts';
import type { Language } from './language.ts';
import { walletName } from './wallet-names.ts';

/**
 * Marks drawn for this project: the gate of the house, and a coin or a purse in each wallet's own
 * colour. None of them copies a logo. All are decoration: the name always stands beside them.
 */
export function GateMark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M2 12c5-1 8-4 10-7h8c2 3 5 6 10 7l-1 2.5H3z" fill="var(--mark)" />
      <path d="M5 16h4v13H5zM23 16h4v13h-4z" fill="var(--mark)" />
      <path d="M10.5 16h5v13h-5zM16.5 16h5v13h-5z" fill="var(--gate)" />
      <circle cx="14.2" cy="22.5" r="0.9" fill="var(--gate-ink)" />
      <circle cx="17.8" cy="22.5" r="0.9" fill="var(--gate-ink)" />
    </svg>
  );
}

function WechatPayMark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--wechat)" />
      <path
        d="M16 6.5a9 9 0 0 1 0 18c-1 0-2-.2-3-.5L8.2 26l1.2-4.3A9 9 0 0 1 16 6.5z"
        fill="#fff"
      />
      <path
        d="M12.6 10.8 16 15l3.4-4.2M16 15v6M12.8 15.4h6.4M12.8 18.2h6.4"
        fill="none"
        stroke="#067a3e"
        stroke-width="1.9"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

function AlipayMark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--alipay)" />
      <path d="M6.5 11.5h16a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3h-13a3 3 0 0 1-3-3z" fill="#fff" />
      <path d="M7 10.4 19.8 6a2 2 0 0 1 2.6 1.6l.3 2.8z" fill="#cfe2ff" />
      <path d="M18 16.5h7.5v4H18a2 2 0 0 1 0-4z" fill="var(--alipay)" />
      <circle cx="19" cy="18.5" r="0.95" fill="#fff" />
    </svg>
  );
}

function UnionPayMark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--union)" />
      <rect x="5.5" y="9" width="21" height="14.5" rx="2.6" fill="#fff" />
      <path d="M5.5 13h21v3h-21z" fill="var(--union-blue)" />
      <circle cx="20.4" cy="19.8" r="2" fill="var(--union-green)" />
      <circle cx="23.2" cy="19.8" r="2" fill="var(--union)" opacity="0.85" />
    </svg>
  );
}

function DouyinPayMark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" fill="var(--douyin)" />
      <rect x="7" y="7" width="18" height="18" rx="4" fill="#fff" />
      <path d="M7 13.5h18" stroke="var(--douyin)" stroke-width="2.4" />
      <circle cx="13" cy="19.5" r="2.6" fill="var(--douyin)" />
      <circle cx="19" cy="19.5" r="2.6" fill="var(--douyin-second)" />
    </svg>
  );
}

export function WalletMark({ wallet }: { wallet: WalletName }) {
  switch (wallet) {
    case 'wechat_pay':
      return <WechatPayMark />;
    case 'alipay':
      return <AlipayMark />;
    case 'union_pay':
      return <UnionPayMark />;
    case 'douyin_pay':
      return <DouyinPayMark />;
    default:
      return wallet satisfies never;
  }
}

export function WalletBadge({ wallet, language }: { wallet: WalletName; language: Language }) {
  return (
    <span class="badge">
      <WalletMark wallet={wallet} />
      {walletName(wallet, language)}
    </span>
  );
}

/** A badge with a sentence in it, e.g. "Paid with WeChat Pay". */
export function WalletPill({ wallet, text }: { wallet: WalletName; text: string }) {
  return (
    <span class={`pill ${wallet}`}>
      <WalletMark wallet={wallet} />
      {text}
    </span>
  );
}

/** Result marks: a tick in a gate's round moon door, a closed leaf, an empty glass. */
export function ResultMark({ kind }: { kind: 'paid' | 'closed' }) {
  return (
    <svg class={`result-mark ${kind}`} viewBox="0 0 72 72" aria-hidden="true" focusable="false">
      <circle cx="36" cy="36" r="34" class="ground" />
      {kind === 'paid' ? (
        <path d="m21 37 10.5 10.5L52 26.5" class="stroke" />
      ) : (
        <path d="M24 24h24v26H24zM36 24v26M32.5 37h.1M39.5 37h.1" class="stroke" />
      )}
    </svg>
  );
}
