import { ERRORS, type ErrorType } from '../../src/errors.ts';
import { code, table } from './table.ts';

const TYPES: Readonly<Record<ErrorType, string>> = {
  invalid_request: 'The request is wrong and stays wrong: correct it.',
  authentication: 'The key is missing, unknown, revoked or of another mode.',
  permission: 'The key is good but may not do this.',
  not_found: 'There is no such object, or not for this key.',
  conflict: 'The request is well formed but does not fit what is there.',
  rate_limited: 'Too many requests: wait.',
  wallet_refused: 'The wallet said no, definitely.',
  wallet_unavailable: 'The wallet cannot be reached, and nothing was begun there.',
  outcome_unknown: 'The wallet may have acted; the hub keeps asking until it knows.',
  internal: 'Something is broken inside the hub, or its database is away.',
};

export function errorsPage(): string {
  const entries = Object.entries(ERRORS);
  const sections = Object.entries(TYPES).map(([type, meaning]) => {
    const own = entries.filter(([, entry]) => entry.type === type);
    const blocks = own.map(
      ([name, { status, retry, what, fix }]) =>
        `### ${name}\n\nHTTP ${status}, retry ${code(retry)}. ${what} ${fix}\n`,
    );
    return `## ${type}\n\n${meaning}\n\n${blocks.join('\n')}`;
  });
  return `${HEAD}
${table(
  ['code', 'type', 'HTTP', 'retry'],
  entries.map(([name, entry]) => [
    `[${name}](#${name})`,
    entry.type,
    String(entry.status),
    entry.retry,
  ]),
)}

${sections.join('\n')}`;
}

const HEAD = `# Errors

Every error of the API is one JSON object:

\`\`\`json
{
  "error": {
    "type": "conflict",
    "code": "order_reference_taken",
    "message": "order A-1 has pay_0001KAHDX3ZJ6Q7V0M8T5R2W4Y9B (requires_wallet) already",
    "param": "order.reference",
    "doc_url": "http://127.0.0.1:8080/docs/errors/order_reference_taken",
    "request_id": "req_0001KAHDX3ZJ6Q7V0M8T5R2W4Y9B",
    "retry": "never",
    "wallet": null
  }
}
\`\`\`

Branch on \`type\` or \`code\`, never on \`message\`. \`param\` names the field. \`wallet\` holds what the
wallet itself said, where one was asked. \`retry\` says whether asking again can help:

- \`never\`: the same request gets the same answer.
- \`same_key\`: send the same request with the same Idempotency-Key, after \`Retry-After\` seconds
  where the answer has that header.
- \`after_query\`: read the object first, then decide.
`;
