import { expect, test } from 'vitest';
import { AGENTS } from '../../test/support/page-visitor.ts';
import { CLIENT_KINDS } from '../payments/payment.ts';
import { clientKind } from './client-kind.ts';

test('each browser is what its user agent says', () => {
  for (const kind of CLIENT_KINDS) {
    expect(clientKind(AGENTS[kind])).toBe(kind);
  }
});

test('WeCom also says MicroMessenger but is not WeChat', () => {
  const wecom = `${AGENTS.wechat} wxwork/4.1.0`;
  expect(clientKind(wecom)).toBe('phone');
});

test('a Taobao or Tmall app is not Alipay, though it says AliApp', () => {
  expect(clientKind('Mozilla/5.0 (iPhone; Mobile) AliApp(TB/10.40.0) WindVane')).toBe('phone');
});

test('an unknown or missing user agent is a desktop', () => {
  expect(clientKind(undefined)).toBe('desktop');
  expect(clientKind('')).toBe('desktop');
  expect(clientKind('curl/8.0')).toBe('desktop');
});
