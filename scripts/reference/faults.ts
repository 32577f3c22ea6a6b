import { FAULTS, type Fault, SENTINELS } from '../../src/sandbox/faults.ts';
import { FAULT_MEANINGS } from './fault-meanings.ts';
import { code } from './table.ts';

export function faultsPage(): string {
  const sections = FAULTS.map(
    (fault) =>
      `## ${fault}\n\n${FAULT_MEANINGS[fault].does}\n\nA correct client: ${FAULT_MEANINGS[fault].client}\n`,
  );
  return `${HEAD}
${sentinels()}
${sections.join('\n')}`;
}

function sentinels(): string {
  const rows = (Object.entries(SENTINELS) as [Fault, bigint][]).map(
    ([fault, cents]) => `| …${`.${cents.toString().padStart(2, '0')}`} | [${fault}](#${fault}) |`,
  );
  const without = FAULTS.filter((fault) => SENTINELS[fault] === undefined).map(code);
  return `## Amounts that mean a fault

For clients that can choose an amount but not turn the dial. \`{"wallet":"alipay","sentinels":true}\`
switches them on for a wallet, \`false\` off; the phone's page too. From then on an order, refund, split or
payout whose amount ends in these two digits (11.03 yuan, 8.03 yuan…) meets the fault, every time. A
setting of the dial for the same place goes before. Not by amount: ${without.join(', ')}.

| yuan | fault |
|---|---|
${rows.join('\n')}
`;
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
| ${code('wallet')} | ${code('wechat_pay')}, ${code('alipay')}…: as ${code('GET /api/people')} names them |
| ${code('fault')} | one of the below |
| ${code('probability')} | 0 to 1; 1 if not given; 0 turns the fault off |
| ${code('count')} | how many times it strikes, then no more; without limit if not given |
| ${code('operation')} | only this operation, as the wallet's page of received calls names it; all if not given |
| ${code('amount')} | only where this amount is meant, fen; any if not given |
| ${code('delay_ms')} | for ${code('notification_delayed')}, ${code('answer_slow')} and ${code('refund_delayed')}, at most an hour |
| ${code('copies')} | for ${code('notification_duplicated')}, at most 100 |
| ${code('seed')} | starts the random numbers anew |

A fault may be set once for each operation and amount; the first one that fits strikes.
${code('{"wallet":"alipay","faults":[…]}')} replaces all settings of a wallet, and an empty list turns every
fault off. ${code('GET /api/faults')} shows what is set. The faults that answer with a 5xx or not at all
strike the wallet's API, never the payer's pages.
`;
