import { z } from 'zod';
import type { Config } from '../config.ts';
import { readSandboxFile, type SandboxFile } from '../world/sandbox-file.ts';

/** One line of the doctor's report. */
export interface Finding {
  readonly ok: boolean;
  readonly what: string;
}

const TIMEOUT_MS = 15_000;
const accounts = z.object({ data: z.array(z.object({ id: z.string(), name: z.string() })) });
const checked = z.object({
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), message: z.string() })),
});

/** What a running hub says of itself, and its wallets of our credentials. */
export async function askHub(config: Config): Promise<{ running: boolean; findings: Finding[] }> {
  const hub = knownHub(config);
  // The one that was started on this data folder, whatever ports this shell's settings name.
  const url = config.public_url ?? hub?.url ?? `http://${config.host}:${config.port}`;
  const ready = await ask(`${url}/readyz`);
  if (ready === undefined) {
    const what = `no hub answers at ${url}: wallet accounts are checked while one runs`;
    return { running: false, findings: [{ ok: true, what }] };
  }
  if (ready.status !== 200) {
    return { running: true, findings: [{ ok: false, what: `hub not ready: ${ready.text}` }] };
  }
  const findings = [{ ok: true, what: `hub ready at ${url}` }];
  if (hub === undefined) return { running: true, findings };
  return {
    running: true,
    findings: [...findings, ...(await walletAccounts(url, hub.operator_key))],
  };
}

function knownHub(config: Config): SandboxFile['hub'] | undefined {
  try {
    return readSandboxFile(config.data_dir)?.hub;
  } catch {
    return undefined;
  }
}

async function walletAccounts(url: string, key: string): Promise<Finding[]> {
  const list = await ask(`${url}/v1/wallet_accounts?limit=100`, key);
  if (list?.status !== 200) {
    return [
      { ok: false, what: 'the operator key in sandbox.json is refused: delete the file and start' },
    ];
  }
  const findings: Finding[] = [];
  for (const { id, name } of accounts.parse(JSON.parse(list.text)).data) {
    const answer = await ask(
      `${url}/v1/wallet_accounts/${id}/check?notification=true`,
      key,
      'POST',
    );
    const checks = answer?.status === 200 ? checked.parse(JSON.parse(answer.text)).checks : [];
    const bad = checks.filter((check) => !check.ok);
    if (checks.length === 0)
      findings.push({ ok: false, what: `${name}: the check gave no answer` });
    for (const check of bad) findings.push({ ok: false, what: `${name}: ${check.message}` });
    if (checks.length > 0 && bad.length === 0) {
      findings.push({ ok: true, what: `${name}: ${checks.length} checks of its credentials hold` });
    }
  }
  return findings;
}

async function ask(
  url: string,
  key?: string,
  method = 'GET',
): Promise<{ status: number; text: string } | undefined> {
  try {
    const answer = await fetch(url, {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    });
    return { status: answer.status, text: await answer.text() };
  } catch {
    return undefined;
  }
}
