import type { SandboxFile } from '../../src/world/sandbox-file.ts';

/** Typed, so that a member that comes or goes stops the generator. */
const EXAMPLE = {
  hub: { url: 'http://127.0.0.1:8080', operator_key: 'sk_test_…' },
  platforms: { taobao: { id: 'plt_…', secret_key: 'sk_test_…' } },
  merchants: { taobao: { id: 'mer_…', platform: 'plt_…' } },
  receivers: { taobao: { id: 'rcv_…', platform: 'plt_…' } },
  wallets: {
    wechat_pay: {
      url: 'http://127.0.0.1:8091',
      mchid: '1625463250',
      appid: 'wxa3fe3f0ed12c37e1',
      serial_no: '5CEB76B054450FEFD87CD2FD3072576E2950CFBD',
      private_key_file:
        '/home/you/hutong/.hutong/keys/wechat_pay/wechat_pay_merchant_private_key.pem',
      api_v3_key: '…',
      public_key_id: 'PUB_KEY_ID_0328889206106202611211330598',
      public_key_file: '/home/you/hutong/.hutong/keys/wechat_pay/wechat_pay_public_key.pem',
    },
    alipay: {
      url: 'http://127.0.0.1:8092',
      gateway: 'http://127.0.0.1:8092/gateway.do',
      app_id: '9021000100000001',
      seller_id: '2088100000000001',
      private_key_file: '/home/you/hutong/.hutong/keys/alipay/app_private_key.pem',
      alipay_public_key_file: '/home/you/hutong/.hutong/keys/alipay/alipay_public_key.pem',
    },
    union_pay: {
      url: 'http://127.0.0.1:8093',
      gateway: 'http://127.0.0.1:8093/gateway/api',
      file_gateway: 'http://127.0.0.1:8093/',
      mer_id: '777290058110048',
      private_key_file: '/home/you/hutong/.hutong/keys/union_pay/merchant_private_key.pem',
      certificate_file: '/home/you/hutong/.hutong/keys/union_pay/merchant_certificate.pem',
      root_certificate_file: '/home/you/hutong/.hutong/keys/union_pay/root_certificate.pem',
      middle_certificate_file: '/home/you/hutong/.hutong/keys/union_pay/middle_certificate.pem',
    },
    douyin_pay: {
      url: 'http://127.0.0.1:8094',
      mchid: '6048374188069670',
      appid: 'aw4573bcdc94a146',
      serial_no: '48DE6A66CD0B7809',
      private_key_file: '/home/you/hutong/.hutong/keys/douyin_pay/merchant_private_key.pem',
      encrypt_key: '…',
      platform_certificate_file:
        '/home/you/hutong/.hutong/keys/douyin_pay/platform_certificate.pem',
    },
  },
  phone: { url: 'http://127.0.0.1:8090' },
} satisfies SandboxFile;

const ABOUT: Readonly<Record<keyof SandboxFile, string>> = {
  hub: 'Root URL of the hub, and a key of role operator.',
  platforms: 'The demo marketplaces by slug, each with a key of role marketplace.',
  merchants: 'A shop on each marketplace, by the same slug, and the platform it belongs to.',
  receivers: 'Who may receive shares of each marketplace’s payments, by the same slug.',
  wallets:
    'Each wallet’s sandbox: root URL, and the settings and key files (PEM, mode 0600) of its first ' +
    'merchant, for a client or SDK of the wallet itself.',
  phone: 'Root URL of the sandbox phone; off loopback with the token that opens it.',
};

export function sandboxFilePage(): string {
  const about = Object.entries(ABOUT).map(([name, text]) => `- \`${name}\`: ${text}`);
  return `# sandbox.json

\`npm start\` writes \`.hutong/sandbox.json\` (mode 0600): the addresses and keys of this sandbox, for
newcomers and scripts. It is kept across starts and only what is missing is made. Its keys open a
sandbox and nothing else; still, do not commit it.

\`\`\`json
${JSON.stringify(EXAMPLE, null, 2)}
\`\`\`

${about.join('\n')}

A damaged file stops the start: delete it, and the next start makes it anew, with new keys.

\`npm start\` and \`npx hutong sandbox\` also write \`wallets.json\`, with every merchant of every wallet:
[the wallets alone](../guides/sandbox.md#point-your-sdk-at-it).
`;
}
