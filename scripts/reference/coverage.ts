import { METHODS } from '../../src/sandbox/alipay/api/methods.ts';
import { PAGE_METHODS } from '../../src/sandbox/alipay/trade/methods.ts';
import type { CoveredCall } from '../../src/sandbox/coverage.ts';
import { ROUTES as DOUYIN_PAY } from '../../src/sandbox/douyin-pay/routes.ts';
import { ROUTES as UNION_PAY } from '../../src/sandbox/union-pay/api/routes.ts';
import { FRONT_ROUTES } from '../../src/sandbox/union-pay/pages/front.ts';
import { ROUTES } from '../../src/sandbox/wechat-pay/api/routes.ts';
import { V2_CALLS } from '../../src/sandbox/wechat-pay/v2/routes.ts';
import type { WalletCall } from '../../src/wallets/calls.ts';
import { allConnectors } from '../../src/wallets/connectors.ts';
import type { WalletName } from '../../src/wallets/wallet.ts';
import { LACKS } from './coverage-lacks.ts';
import { code, table } from './table.ts';

/** What each sandbox answers, from its route tables, beside what its connector calls. */
interface WalletCoverage {
  readonly wallet: WalletName;
  readonly title: string;
  readonly served: readonly CoveredCall[];
}

const WALLET_COVERAGE: readonly WalletCoverage[] = [
  { wallet: 'wechat_pay', title: 'WeChat Pay', served: [...ROUTES, ...V2_CALLS] },
  { wallet: 'alipay', title: 'Alipay', served: [...METHODS, ...PAGE_METHODS] },
  { wallet: 'union_pay', title: 'UnionPay', served: [...FRONT_ROUTES, ...UNION_PAY] },
  { wallet: 'douyin_pay', title: 'Douyin Pay', served: DOUYIN_PAY },
];

function connectorCalls(): ReadonlyMap<WalletName, readonly WalletCall[]> {
  const connectors = allConnectors({ real: () => new Date(0), timeout_ms: 1_000 });
  for (const connector of connectors) connector.stop();
  return new Map(connectors.map(({ name, calls }) => [name, calls]));
}

export function coveragePage(): string {
  const calls = connectorCalls();
  const sections = WALLET_COVERAGE.map((wallet) => section(wallet, calls.get(wallet.wallet) ?? []));
  return `${HEAD}\n${sections.join('\n')}`;
}

function section({ wallet, title, served }: WalletCoverage, called: readonly WalletCall[]): string {
  const both = served.filter(({ call }) => called.some(({ operation }) => operation === call));
  const groups = [...new Set(served.map(({ group }) => group))];
  const parts = groups.map((group) => {
    const rows = served.filter((entry) => entry.group === group).map((entry) => row(entry, called));
    return `### ${title}: ${group}\n\n${table(['call', 'connector', 'differs'], rows)}\n`;
  });
  const foreign = called.filter(({ operation }) => !served.some(({ call }) => call === operation));
  const alone = foreign.map(({ operation, group }) => [code(operation), group]);
  const rest =
    alone.length === 0
      ? ''
      : `\n### ${title}: called by the connector outside the API\n\n${table(['call', 'for'], alone)}\n`;
  const counted = `The sandbox answers ${served.length} calls; the connector makes ${both.length} of them.`;
  return `## ${title}\n\n${counted}\n\n${parts.join('\n')}${rest}${lacks(wallet, title)}`;
}

function lacks(wallet: WalletName, title: string): string {
  const rows = LACKS[wallet].map(({ calls, why }) => [calls, why]);
  if (rows.length === 0) return '';
  return `\n### ${title}: knowingly not there\n\n${table(['what', 'why'], rows)}\n`;
}

function row(entry: CoveredCall, called: readonly WalletCall[]): readonly string[] {
  const found = called.find(({ operation }) => operation === entry.call);
  return [`[${code(entry.call)}](${entry.doc})`, found ? limits(found) : '', entry.differs ?? ''];
}

function limits({ per_second, timeout_ms, repeatable }: WalletCall): string {
  return [
    'yes',
    ...(per_second === undefined ? [] : [`${per_second}/s`]),
    ...(timeout_ms === undefined ? [] : [`${timeout_ms / 1000} s`]),
    ...(repeatable ? ['repeatable'] : []),
  ].join(', ');
}

const HEAD = `# Coverage

Every call that a sandbox answers and that a connector makes, generated from their tables. A call
links to the wallet's own page. In the column *connector*: that the hub's connector makes the call,
the rate it keeps to, its time budget where it is not the usual one, and *repeatable* where the same
bytes may go to a second host. *Differs* says where the sandbox knowingly departs from the real
wallet; what is empty is meant to be the same, and a difference you find is a defect. *Knowingly not
there* names what a wallet documents besides and is left out, with the reason.
`;
