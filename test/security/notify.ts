import type { WalletName } from '../../src/wallets/wallet.ts';
import type { HubRig } from './hub-rig.ts';
import type { Letter } from './wallet-voice.ts';

/** Delivers bytes where a wallet would: at the account's own address, or at another one. */
export async function send(
  rig: HubRig,
  address: { wallet: WalletName } | { wallet: string; account: string },
  { headers, body }: Letter,
): Promise<{ status: number; text: string }> {
  const account = 'account' in address ? address.account : rig.accounts[address.wallet];
  const url = `${rig.url}/notify/${address.wallet}/${encodeURIComponent(account)}`;
  const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
  return { status: answer.status, text: await answer.text() };
}

/** Everything a notification could change, as one comparable object. */
export async function footprint(rig: HubRig): Promise<Record<string, unknown>> {
  const [row] = await rig.rows(`
    select
      (select jsonb_object_agg(id, jsonb_build_array(state, wallet, refunded, refund_reserved,
        closing)) from payments) as payments,
      (select jsonb_object_agg(id, jsonb_build_array(state, returned)) from attempts) as attempts,
      (select jsonb_object_agg(id, state) from refunds) as refunds,
      (select count(*) from notifications) as notifications,
      (select count(*) from jobs where kind = 'notification.process') as jobs,
      (select count(*) from postings) as postings,
      (select count(*) from events) as events,
      (select count(*) from breaks) as breaks`);
  return row ?? {};
}
