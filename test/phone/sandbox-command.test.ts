import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

/** `hutong sandbox` as a process of its own. */
const data_dir = mkdtempSync(join(tmpdir(), 'hutong-sandbox-command-'));
const children: ChildProcess[] = [];
const PATIENCE_MS = 60_000;

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(data_dir, { recursive: true, force: true });
});

function hutong(...args: string[]) {
  const main = join(packageRoot(), 'src', 'main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'sandbox', ...args], {
    cwd: packageRoot(),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  children.push(child);
  const said: string[] = [];
  child.stdout?.on('data', (text: Buffer) => said.push(text.toString()));
  child.stderr?.on('data', (text: Buffer) => said.push(text.toString()));
  return { child, said: () => said.join('') };
}

describe('hutong sandbox', () => {
  test(
    'says where everything is, and ends in order on a signal',
    async () => {
      const args = ['--memory', '--port', '0', '--wallet', 'alipay', '--data-dir', data_dir];
      const { child, said } = hutong(...args);
      const [ready] = (await once(child, 'message')) as [{ phone: string }];
      const people = await fetch(`${ready.phone}/api/people`);
      expect(await people.json()).toMatchObject({
        data: [{ id: 'lin-xia', wallets: ['alipay'] }, {}, {}, {}],
      });
      expect(said()).toContain(join(data_dir, 'wallets.json'));
      expect(said()).toContain('/__sandbox/');
      expect(existsSync(join(data_dir, 'postgres'))).toBe(false);
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      expect(code).toBe(0);
    },
    PATIENCE_MS,
  );

  test(
    'names the option it cannot take',
    async () => {
      const { child, said } = hutong('--wallet', 'gold', '--memory', '--data-dir', data_dir);
      const [code] = await once(child, 'close');
      expect([code, said().includes('--wallet takes')]).toEqual([1, true]);
    },
    PATIENCE_MS,
  );
});
