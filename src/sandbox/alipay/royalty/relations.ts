import { type Biz, GatewayRefusal, optionalText, requiredText } from '../api/biz.ts';
import type { Alipay, App } from '../books.ts';
import { invalidField, listOf } from '../trade/fields.ts';
import type { Call } from '../trade/orders.ts';
import { type AccountType, DEFAULT_RATIO, type Relation } from './book.ts';
import { ACCOUNT_TYPES, loginName, namesOf, receiverBehind } from './receivers.ts';

/**
 * Who may be given a share of this merchant's payments: bound beforehand, no consent asked.
 * https://opendocs.alipay.com/open/c21931d6_alipay.trade.royalty.relation.bind
 */
const MAX_A_CALL = 20;
const MAX_RELATIONS = 20_000;
const MAX_PAGE = 100;
const NUMBER = { max: 32, pattern: /^[A-Za-z0-9_]+$/ } as const;

function typeOf(entry: Biz): AccountType {
  const text = requiredText(entry, 'type', { max: 32 });
  const type = ACCOUNT_TYPES.find((known) => known === text);
  if (!type) throw new GatewayRefusal('ACQ.INVALID_RECEIVER_TYPE');
  return type;
}

function key(seller_id: string, receiver: string): string {
  return `${seller_id}/${receiver}`;
}

function readReceivers(call: Call): { relation: Relation; entry: Biz }[] {
  const { alipay, app, biz } = call;
  requiredText(biz, 'out_request_no', NUMBER);
  const entries = listOf(biz, 'receiver_list');
  if (entries.length === 0) throw new GatewayRefusal('ACQ.RECEIVER_LIST_EMPTY');
  if (entries.length > MAX_A_CALL) throw invalidField(`receiver_list 单次最多${MAX_A_CALL}个`);
  return entries.map((entry) => {
    const named = { type: typeOf(entry), account: requiredText(entry, 'account', { max: 150 }) };
    const receiver = receiverBehind(alipay, app, named);
    if (receiver === undefined) throw new GatewayRefusal('ACQ.USER_NOT_EXIST');
    const memo = optionalText(entry, 'memo', { max: 256 }) ?? '';
    return { relation: { seller_id: app.seller_id, ...named, receiver, memo }, entry };
  });
}

/** An account name must come with the owner's name; a name that is given must be the owner's. */
function checkName(alipay: Alipay, relation: Relation, entry: Biz): void {
  const name = optionalText(entry, 'name', { max: 256 });
  if (name === undefined && relation.type !== 'loginName') return;
  if (name === undefined) throw invalidField('name 不能为空 (loginName needs the real name)');
  if (!namesOf(alipay, relation.receiver).includes(name)) {
    throw invalidField('name 与账号实名不一致 (not the name of the owner)');
  }
}

function ownRelations(alipay: Alipay, seller_id: string): Relation[] {
  return [...alipay.royalty.relations.values()].filter((known) => known.seller_id === seller_id);
}

export function bind(call: Call): Record<string, unknown> {
  const { alipay, app } = call;
  const receivers = readReceivers(call);
  for (const { relation, entry } of receivers) checkName(alipay, relation, entry);
  const fresh = receivers.filter(
    ({ relation }) => !alipay.royalty.relations.get(key(app.seller_id, relation.receiver)),
  );
  if (ownRelations(alipay, app.seller_id).length + fresh.length > MAX_RELATIONS) {
    throw new GatewayRefusal('ACQ.RELATION_QUANTITY_LIMIT');
  }
  for (const { relation } of receivers) {
    alipay.royalty.relations.put(key(app.seller_id, relation.receiver), relation);
  }
  return { result_code: 'SUCCESS' };
}

export function unbind(call: Call): Record<string, unknown> {
  const { alipay, app } = call;
  for (const { relation } of readReceivers(call)) {
    alipay.royalty.relations.delete(key(app.seller_id, relation.receiver));
  }
  return { result_code: 'SUCCESS' };
}

function pageNumber(biz: Biz, name: string, fallback: number): number {
  const given = biz[name];
  if (given === undefined || given === null || given === '') return fallback;
  const value = typeof given === 'number' ? given : Number(given);
  if (!Number.isInteger(value) || value < 1) throw invalidField(`${name} (1, 2, 3, …)`);
  return value;
}

export function batchQuery(call: Call): Record<string, unknown> {
  const { alipay, app, biz } = call;
  requiredText(biz, 'out_request_no', NUMBER);
  const page = pageNumber(biz, 'page_num', 1);
  const size = Math.min(pageNumber(biz, 'page_size', 20), MAX_PAGE);
  const all = ownRelations(alipay, app.seller_id);
  const shown = all.slice((page - 1) * size, page * size);
  return {
    result_code: 'SUCCESS',
    receiver_list: shown.map(({ type, account, receiver, memo }) => {
      const person = [...alipay.buyers.values()].find(({ user_id }) => user_id === receiver);
      const login = person ? loginName(person) : `${receiver}@merchant.sandbox.test`;
      return { type, account, memo, login_name: login, bind_login_name: login };
    }),
    total_page_num: Math.ceil(all.length / size),
    total_record_num: all.length,
    current_page_num: page,
    current_page_size: shown.length,
  };
}

export function ratioOf(alipay: Alipay, seller_id: string): number {
  return alipay.royalty.ratios.get(seller_id)?.percent ?? DEFAULT_RATIO;
}

/** https://opendocs.alipay.com/open/6f314ee9_alipay.trade.royalty.rate.query */
export function rateQuery(call: Call): Record<string, unknown> {
  requiredText(call.biz, 'out_request_no', NUMBER);
  const { seller_id } = call.app;
  return { user_id: seller_id, max_ratio: ratioOf(call.alipay, seller_id) };
}

/** May money of this merchant's payments go there? */
export function isBound(alipay: Alipay, app: App, receiver: string): boolean {
  return alipay.royalty.relations.get(key(app.seller_id, receiver)) !== undefined;
}
