import { FAULTS } from '../../src/sandbox/faults.ts';
import { FAULT_MEANINGS } from './fault-meanings.ts';
import { code } from './table.ts';

export function faultsPage(): string {
  const sections = FAULTS.map(
    (fault) =>
      `## ${fault}\n\n${FAULT_MEANINGS[fault].does}\n\nA correct client: ${FAULT_MEANINGS[fault].client}\n`,
  );
  return `${HEAD}
${sections.join('\n')}`;
}

const HEAD = `# Faults

Each wallet's sandbox has a fault dial. It is set on the phone's page or through its API, by
probability or by count, and reproducible from a seed:

\`\`\`sh
curl -s http://127.0.0.1:8090/api/faults -H 'content-type: application/json' \\
  -d '{"wallet":"wechat_pay","fault":"notification_lost","count":1}'
\`\`\`

| field | meaning |
|---|---|
| ${code('wallet')} | ${code('wechat_pay')} or ${code('alipay')} |
| ${code('fault')} | one of the below |
| ${code('probability')} | 0 to 1; 1 if not given; 0 turns the fault off |
| ${code('count')} | how many times it strikes, then no more; without limit if not given |
| ${code('operation')} | only this operation, in the sandbox's own words; all if not given |
| ${code('delay_ms')} | for ${code('notification_delayed')}, at most an hour |
| ${code('copies')} | for ${code('notification_duplicated')}, at most 100 |
| ${code('seed')} | starts the random numbers anew |

${code('{"wallet":"alipay","faults":[…]}')} replaces all settings of a wallet, and an empty list turns every
fault off. ${code('GET /api/faults')} shows what is set. The faults that answer with a 5xx or not at all
strike the wallet's API, never the payer's pages.
`;
