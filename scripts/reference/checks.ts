import { LAWS } from '../../src/laws/every.ts';
import { code, table } from './table.ts';

export function checksPage(): string {
  const rows = LAWS.map(({ name, means }) => [code(name), means]);
  return `# Checks

\`hutong check\` proves these laws on the live database: all in one read-only snapshot, so it locks
nothing, writes nothing, and may run while hubs do. It looks at the database of \`DATABASE_URL\`, else
at the embedded one of \`HUTONG_DATA_DIR\`, whether or not that is running.

| it ends with | when |
|---|---|
| 0 | every law holds |
| 1 | a law is broken; its rows are named, the first 20 of each law with the number of all |
| 2 | it could not check: no database, another schema than this release's, a law that is not there |

\`hutong check --law <name...>\` tries only these; \`--json\` prints the report as JSON on standard
output. Every law reads each table once, so the time grows with the rows: a minute or two for a
million payments (15 million rows) on two cores. The snapshot keeps dead rows from being vacuumed meanwhile.

A broken law means that rows contradict each other: by a mistake in the hub, a hand in the database, or a
damaged disk. Do not repair rows; stop paying out, keep a backup, and find out when the rows were written
(\`created_at\`, the payment's timeline). \`GET /v1/ledger\` looks at the balances alone, and with
\`?laws=money\` tries every law about money.

${table(['law', 'what is always true'], rows)}
`;
}
