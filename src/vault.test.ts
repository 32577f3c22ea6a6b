import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createVault, readMasterKey } from './vault.ts';

const vault = createVault(Buffer.alloc(32, 1));

describe('the vault', () => {
  test('opens what it sealed, for the row it was sealed for', () => {
    const sealed = vault.seal('密钥 secret', 'wac_1');
    expect(vault.open(sealed, 'wac_1')).toBe('密钥 secret');
    expect(() => vault.open(sealed, 'wac_2')).toThrow();
    expect(() => createVault(Buffer.alloc(32, 2)).open(sealed, 'wac_1')).toThrow();
  });

  test('refuses a ciphertext with any byte changed or cut', () => {
    const sealed = vault.seal('x', 'a');
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => vault.open(changed, 'a')).toThrow();
    }
    expect(() => vault.open(sealed.subarray(0, 20), 'a')).toThrow();
  });

  test('derives the same token for the same subject, and another for any other', () => {
    expect(vault.token('checkout', 'pay_1')).toBe(vault.token('checkout', 'pay_1'));
    expect(vault.token('checkout', 'pay_1')).not.toBe(vault.token('checkout', 'pay_2'));
    expect(vault.token('checkout', 'pay_1')).not.toBe(vault.token('session', 'pay_1'));
    expect(vault.token('checkout', 'pay_1')).toMatch(/^[\w-]{22}$/);
  });

  test('keeps the master key in a file of its own that only its owner reads', () => {
    const dir = mkdtempSync(join(tmpdir(), 'hutong-vault-'));
    const path = join(dir, 'deep', 'master.key');
    const made = readMasterKey(path, { create: true });
    expect(readMasterKey(path, { create: false })).toEqual(made);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => readMasterKey(join(dir, 'none'), { create: false })).toThrow(
      /HUTONG_MASTER_KEY_FILE/,
    );
    writeFileSync(join(dir, 'bad'), 'short');
    expect(() => readMasterKey(join(dir, 'bad'), { create: false })).toThrow(/64 hex digits/);
    rmSync(dir, { recursive: true });
  });
});
