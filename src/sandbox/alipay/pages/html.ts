import { ENTITIES, html, pagesOf, type Reply } from '../../html.ts';

export const { page, messagePage } = pagesOf({
  title: { zh: '支付宝沙箱', en: 'Alipay sandbox' },
  colours: { light: '#0b63ce', dark: '#7ab2ff', button: '#0b63ce' },
});

/** What a browser sees when a page call was wrong: the gateway's error, shown to the developer. */
export function refusalPage(answer: Readonly<Record<string, string>>): Reply {
  const { code = '', sub_code = '', sub_msg = '' } = answer;
  // The gateway has escaped the text it built once already, as the real one does.
  const entities = Object.entries(ENTITIES).reverse();
  const text = entities.reduce((rest, [char, entity]) => rest.replaceAll(entity, char), sub_msg);
  const main = html`<p class="badge">支付宝沙箱 · Alipay sandbox</p>
<h1>支付请求有误 · The payment request is wrong</h1><p>${code} ${sub_code}</p><pre>${text}</pre>`;
  return page({ title: sub_code, language: 'zh', main });
}
