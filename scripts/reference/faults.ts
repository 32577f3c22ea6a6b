import { FAULTS, type Fault } from '../../src/sandbox/faults.ts';
import { code } from './table.ts';

/** What each fault does, and what a correct client of the wallet does about it. */
const MEANING: Readonly<Record<Fault, { does: string; client: string }>> = {
  notification_lost: {
    does: 'The notification is never delivered, nor are its retries.',
    client:
      'Ask the wallet about every order that is not final, on a schedule of its own. The hub asks ' +
      'after 10 s, then with growing gaps, and when a shopper looks at the page.',
  },
  notification_delayed: {
    does: 'The notification is held back for a random part of `delay_ms`, which also reorders it.',
    client:
      'Judge a fact by what it says, not by when it comes. A fact about a payment that is already ' +
      'closed is money that goes back.',
  },
  notification_duplicated: {
    does: 'The notification is delivered `copies` times more, each signed afresh.',
    client: 'Store a fact once, by the wallet’s own number and state; acknowledge every copy.',
  },
  error_after_effect: {
    does: 'The call takes effect, then the answer is a 5xx.',
    client:
      'Treat the outcome as unknown: query, or send the same request again under the same number. ' +
      'Never a new number.',
  },
  error_before_effect: {
    does: 'The call has no effect and the answer is a 5xx.',
    client: 'The same: from outside it cannot be told from the one above.',
  },
  timeout_after_effect: {
    does: 'The call takes effect and the answer never comes.',
    client: 'Give up after a stated time, keep the state unknown, and query.',
  },
  timeout_before_effect: {
    does: 'The call has no effect and no answer comes.',
    client: 'The same; when the query says that there is no such order, another may begin.',
  },
};

export function faultsPage(): string {
  const sections = FAULTS.map(
    (fault) =>
      `## ${fault}\n\n${MEANING[fault].does}\n\nA correct client: ${MEANING[fault].client}\n`,
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
