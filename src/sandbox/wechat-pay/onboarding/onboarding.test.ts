import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Multipart, Rsa, Wechatpay } from 'wechatpay-axios-plugin';
import { type Bench, openBench, poll, refusal } from '../sharing/testing.ts';

/**
 * Sellers' applications. The judge is wechatpay-axios-plugin, as published: it signs, encrypts the
 * sensitive fields and verifies every answer.
 */
let bench: Bench;
let picture: string;

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
/** With right check digits, of nobody. */
const ID_NUMBER = '11010519491231002X';
const LICENSE = '91440300708461136T';

type Family = 'platform' | 'partner';

beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.stop());

function client(role: Family) {
  const { mchid, serial_no: serial, private_key: privateKey, ...keys } = bench.merchant(role);
  const certs = { [keys.public_key_id]: keys.public_key };
  const baseURL = bench.running.sandbox.url;
  return new Wechatpay({ mchid, serial, privateKey, certs, baseURL, proxy: false });
}

interface Wire {
  readonly [field: string]: unknown;
}

async function sdk(role: Family, path: string, body: Wire): Promise<Wire> {
  const headers = { 'Wechatpay-Serial': bench.merchant(role).public_key_id };
  const { data } = await client(role).chain(path).post<Wire>(body, { headers });
  return data;
}

/** Uploads a picture as that merchant and gives its number. */
async function upload(role: Family): Promise<string> {
  const sha256 = createHash('sha256').update(PNG).digest('hex');
  const meta = { filename: 'licence.png', sha256 };
  const form = new Multipart();
  form.append('meta', JSON.stringify(meta)).append('file', PNG, 'licence.png');
  const uploads = client(role).chain('v3/merchant/media/upload');
  // As bytes: the HTTP client below the SDK would write a form anew, without the file's name.
  const bytes = form.getBuffer() as unknown as Wire;
  const { data } = await uploads.post<Wire>(bytes, { meta, headers: form.getHeaders() } as object);
  return String(data.media_id);
}

const seal = (role: Family, text: string) => Rsa.encrypt(text, bench.merchant(role).public_key);

let count = 0;

function platformBody(more: Wire = {}) {
  count += 1;
  const secret = (text: string) => seal('platform', text);
  return {
    out_request_no: `APPLY_${Date.now()}_${count}`,
    organization_type: '2',
    business_license_info: {
      business_license_copy: picture,
      business_license_number: LICENSE,
      merchant_name: '胡同茶业有限公司',
      legal_person: '林小禾',
    },
    id_card_info: {
      id_card_copy: picture,
      id_card_national: picture,
      id_card_name: secret('林小禾'),
      id_card_number: secret(ID_NUMBER),
      id_card_valid_time: '长期',
    },
    account_info: {
      bank_account_type: '74',
      account_bank: '招商银行',
      account_name: secret('胡同茶业有限公司'),
      account_number: secret('6214830123456789'),
    },
    contact_info: {
      contact_type: '65',
      contact_name: secret('林小禾'),
      mobile_phone: secret('13800138000'),
    },
    sales_scene_info: { store_name: '胡同茶铺', store_url: 'https://tea.example.com' },
    merchant_shortname: '胡同茶',
    ...more,
  };
}

async function state(body: { out_request_no: string }) {
  const target = `/v3/ecommerce/applyments/out-request-no/${body.out_request_no}`;
  return (await bench.get('platform', target)).content;
}

function pressSign(url: unknown, more: RequestInit = {}) {
  return fetch(String(url), { method: 'POST', redirect: 'manual', ...more });
}

describe('through a platform', () => {
  beforeAll(async () => {
    picture = await upload('platform');
  });

  test('a seller is checked, proven, audited, signs, and can be paid at once', async () => {
    const { notify_url } = bench.shop;
    const { mchid } = bench.merchant('platform');
    await bench.act('notices/address', { mchid, about: 'applyments', notify_url });
    const body = platformBody();
    const { applyment_id } = await sdk('platform', 'v3/ecommerce/applyments/', body);
    expect(await state(body)).toMatchObject({ applyment_state: 'CHECKING', applyment_id });
    bench.wait(60_000);
    expect(await state(body)).toMatchObject({
      applyment_state: 'ACCOUNT_NEED_VERIFY',
      account_validation: { pay_amount: expect.any(Number), remark: '入驻账户验证' },
    });
    bench.wait(HOUR_MS);
    expect(await state(body)).toMatchObject({ applyment_state: 'AUDITING' });
    bench.wait(DAY_MS);
    const ready = await state(body);
    expect(ready).toMatchObject({ applyment_state: 'NEED_SIGN', sign_state: 'UNSIGNED' });
    const page = await fetch(String(ready.sign_url), { headers: { 'Accept-Language': 'zh-CN' } });
    expect(await page.text()).toContain('胡同茶业有限公司');
    expect((await pressSign(ready.sign_url)).status).toBe(303);
    const done = await state(body);
    expect(done).toMatchObject({ applyment_state: 'FINISH', sign_state: 'SIGNED' });
    expect((await pressSign(ready.sign_url)).status).toBe(303);
    expect((await state(body)).sub_mchid).toBe(done.sub_mchid);
    const order = await bench.post('platform', '/v3/pay/partner/transactions/native', {
      sp_appid: bench.merchant('platform').appid,
      sp_mchid: mchid,
      sub_mchid: done.sub_mchid,
      description: '新店第一单',
      out_trade_no: bench.number(),
      notify_url,
      amount: { total: 100 },
    });
    expect(order.status).toBe(200);
    const events = () => bench.shop.received.map(({ body: raw }) => raw.toString('utf8'));
    await poll(() => events().join('')).toContain('APPLYMENT_STATE.APPROVED');
  });

  test('a foreign page cannot sign for the seller', async () => {
    const body = platformBody();
    const { applyment_id } = await sdk('platform', 'v3/ecommerce/applyments/', body);
    const decision = { applyment_id: String(applyment_id), decision: 'approve' };
    await bench.act('applyments/decide', decision);
    const { sign_url } = await state(body);
    const headers = { Origin: 'https://evil.example.com' };
    expect((await pressSign(sign_url, { headers })).status).toBe(403);
    expect((await state(body)).applyment_state).toBe('NEED_SIGN');
    expect((await fetch(`${bench.running.sandbox.url}/applyment/guess`)).status).toBe(404);
  });

  test.each([
    ['another account holder', { account_info: { account_name: '别的公司' } }, 'account_name'],
    [
      'a wrong check digit',
      { id_card_info: { id_card_number: '110105194912310021' } },
      'id_card_number',
    ],
    ['another legal person', { id_card_info: { id_card_name: '陈明' } }, 'legal_person'],
    ['another contact', { contact_info: { contact_name: '陈明' } }, 'contact_name'],
  ])('%s is found by the review, which says where', async (_what, changes, field) => {
    const body = platformBody();
    const changed = Object.entries(changes).map(([part, fields]) => {
      const sealed = Object.entries(fields).map(([name, text]) => {
        return [name, seal('platform', String(text))];
      });
      return [part, { ...(Reflect.get(body, part) as Wire), ...Object.fromEntries(sealed) }];
    });
    await sdk('platform', 'v3/ecommerce/applyments/', { ...body, ...Object.fromEntries(changed) });
    bench.wait(60_000);
    const rejected = await state(body);
    expect(rejected.applyment_state).toBe('REJECTED');
    const details = rejected.audit_detail as { param_name: string; reject_reason: string }[];
    expect(details.map(({ param_name }) => param_name)).toContain(field);
    expect(details.every(({ reject_reason }) => reject_reason.length > 0)).toBe(true);
    const better = platformBody({ out_request_no: body.out_request_no });
    const again = await sdk('platform', 'v3/ecommerce/applyments/', better);
    expect(again.applyment_id).not.toBe(rejected.applyment_id);
    expect((await state(body)).applyment_state).toBe('CHECKING');
  });

  const apply = (body: object) => bench.post('platform', '/v3/ecommerce/applyments/', body);

  test('a field in clear, an unknown picture and a wrong kind of account are refused at once', async () => {
    const body = platformBody();
    const clear = { ...body.contact_info, mobile_phone: '13800138000' };
    expect(refusal(await apply({ ...body, contact_info: clear }))).toEqual([400, 'PARAM_ERROR']);
    const license = { ...body.business_license_info, business_license_copy: 'nothing' };
    const unknown = await apply({ ...body, business_license_info: license });
    expect(unknown.content).toMatchObject({ code: 'PARAM_ERROR' });
    expect(unknown.text).toContain('business_license_copy');
    const personal = { ...body.account_info, bank_account_type: '75' };
    expect(refusal(await apply({ ...body, account_info: personal }))).toEqual([400, 'PARAM_ERROR']);
    const { business_license_info: _, ...unlicensed } = body;
    expect(refusal(await apply(unlicensed))).toEqual([400, 'PARAM_ERROR']);
    const phone = { ...body.contact_info, mobile_phone: seal('platform', '12') };
    expect(refusal(await apply({ ...body, contact_info: phone }))).toEqual([400, 'PARAM_ERROR']);
  });

  test('the same number is the same application, with other data none', async () => {
    const body = platformBody();
    const first = await apply(body);
    // Encrypted anew, the same data has other bytes.
    const anew = platformBody({ out_request_no: body.out_request_no });
    expect((await apply(anew)).content.applyment_id).toBe(first.content.applyment_id);
    const other = await apply({ ...anew, merchant_shortname: '别的' });
    expect(refusal(other)).toEqual([400, 'INVALID_REQUEST']);
  });

  test('is nobody else’s to ask for', async () => {
    const body = platformBody();
    const { content } = await apply(body);
    const target = `/v3/ecommerce/applyments/${content.applyment_id}`;
    expect((await bench.get('platform', target)).status).toBe(200);
    expect(refusal(await bench.get('partner', target))).toEqual([403, 'NO_AUTH']);
    const none = await bench.get('platform', '/v3/ecommerce/applyments/2000000000000000');
    expect(refusal(none)).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  });
});

function partnerBody(more: Wire = {}) {
  count += 1;
  const secret = (text: string) => seal('partner', text);
  return {
    business_code: `BUSINESS_${Date.now()}_${count}`,
    contact_info: {
      contact_type: 'LEGAL',
      contact_name: secret('陈明'),
      mobile_phone: secret('13900139000'),
      contact_email: secret('chen@example.com'),
    },
    subject_info: {
      subject_type: 'SUBJECT_TYPE_INDIVIDUAL',
      business_license_info: {
        license_copy: picture,
        license_number: LICENSE,
        merchant_name: '胡同面馆',
        legal_person: '陈明',
      },
      identity_info: {
        id_doc_type: 'IDENTIFICATION_TYPE_IDCARD',
        id_card_info: {
          id_card_copy: picture,
          id_card_national: picture,
          id_card_name: secret('陈明'),
          id_card_number: secret(ID_NUMBER),
          card_period_begin: '2020-01-01',
          card_period_end: '2040-01-01',
        },
        owner: true,
      },
    },
    business_info: {
      merchant_shortname: '胡同面',
      service_phone: '13900139000',
      sales_info: {
        sales_scenes_type: ['SALES_SCENES_WEB'],
        web_info: { domain: 'https://noodles.example.com' },
      },
    },
    settlement_info: { settlement_id: '719', qualification_type: '餐饮' },
    bank_account_info: {
      bank_account_type: 'BANK_ACCOUNT_TYPE_PERSONAL',
      account_name: secret('陈明'),
      account_bank: '工商银行',
      bank_address_code: '110000',
      account_number: secret('6222020123456789012'),
    },
    ...more,
  };
}

describe('through an ordinary partner', () => {
  beforeAll(async () => {
    picture = await upload('partner');
  });

  const apply = (body: object) => bench.post('partner', '/v3/applyment4sub/applyment/', body);
  const stateOf = async ({ business_code }: { business_code: string }) => {
    const target = `/v3/applyment4sub/applyment/business_code/${business_code}`;
    return (await bench.get('partner', target)).content;
  };

  async function finished() {
    const body = partnerBody();
    await sdk('partner', 'v3/applyment4sub/applyment/', body);
    bench.wait(DAY_MS + HOUR_MS);
    await pressSign((await stateOf(body)).sign_url);
    bench.wait(30 * 60_000);
    return stateOf(body);
  }

  test('a seller goes through every state to its end', async () => {
    const body = partnerBody();
    await sdk('partner', 'v3/applyment4sub/applyment/', body);
    const word = async () => String((await stateOf(body)).applyment_state).slice(16);
    expect(await word()).toBe('AUDITING');
    bench.wait(DAY_MS);
    expect(await word()).toBe('TO_BE_CONFIRMED');
    bench.wait(HOUR_MS);
    expect(await word()).toBe('TO_BE_SIGNED');
    await pressSign((await stateOf(body)).sign_url);
    expect(await word()).toBe('SIGNING');
    bench.wait(30 * 60_000);
    const done = await stateOf(body);
    expect(done).toMatchObject({
      applyment_state: 'APPLYMENT_STATE_FINISHED',
      sub_mchid: expect.stringMatching(/^17\d{8}$/),
    });
    const by_id = `/v3/applyment4sub/applyment/applyment_id/${done.applyment_id}`;
    expect((await bench.get('partner', by_id)).content).toEqual(done);
  });

  test('nobody signs for 30 days: it is cancelled', async () => {
    const body = partnerBody();
    await apply(body);
    bench.wait(DAY_MS + HOUR_MS + 30 * DAY_MS);
    expect(await stateOf(body)).toMatchObject({ applyment_state: 'APPLYMENT_STATE_CANCELED' });
    bench.wait(-31 * DAY_MS - HOUR_MS);
  });

  test('a contradiction is rejected with the field’s place and name', async () => {
    const body = partnerBody();
    const account = { ...body.bank_account_info, account_name: seal('partner', '林小禾') };
    await apply({ ...body, bank_account_info: account });
    bench.wait(DAY_MS);
    expect(await stateOf(body)).toMatchObject({
      applyment_state: 'APPLYMENT_STATE_REJECTED',
      audit_detail: [{ field: 'bank_account_info.account_name', field_name: '开户名称' }],
    });
  });

  test('a platform’s sellers come another way', async () => {
    const answer = await bench.post('platform', '/v3/applyment4sub/applyment/', partnerBody());
    expect(refusal(answer)).toEqual([403, 'NO_AUTH']);
  });

  test('the settlement account is shown masked and changed five times a day', async () => {
    const { sub_mchid } = await finished();
    const seller = `/v3/apply4sub/sub_merchants/${sub_mchid}`;
    const shown = async () => (await bench.get('partner', `${seller}/settlement`)).content;
    expect(await shown()).toMatchObject({
      account_type: 'ACCOUNT_TYPE_PRIVATE',
      account_bank: '工商银行',
      account_number: '62***************12',
      verify_result: 'VERIFY_SUCCESS',
    });
    const change = (holder?: string) =>
      bench.post('partner', `${seller}/modify-settlement`, {
        modify_mode: 'MODIFY_MODE_ASYNC',
        account_type: 'ACCOUNT_TYPE_PRIVATE',
        account_bank: '建设银行',
        bank_address_code: '110000',
        account_number: seal('partner', '6217000123456789'),
        ...(holder === undefined ? {} : { account_name: seal('partner', holder) }),
      });
    const wrong = await change('林小禾');
    const right = await change();
    const asked = async (answer: typeof right) =>
      (await bench.get('partner', `${seller}/application/${answer.content.application_no}`))
        .content;
    expect((await asked(right)).verify_result).toBe('AUDITING');
    bench.wait(60_000);
    expect((await asked(right)).verify_result).toBe('AUDIT_SUCCESS');
    expect((await asked(wrong)).verify_result).toBe('AUDIT_FAIL');
    expect(await shown()).toMatchObject({
      account_bank: '建设银行',
      account_number: '62************89',
    });
    for (let more = 0; more < 3; more += 1) expect((await change()).status).toBe(200);
    expect((await change()).status).toBe(429);
    const foreign = `/v3/apply4sub/sub_merchants/${bench.seller('platform')}/settlement`;
    expect(refusal(await bench.get('partner', foreign))).toEqual([403, 'NO_AUTH']);
  });
});
