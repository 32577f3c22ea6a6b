import { spawn } from 'node:child_process';
import { cleanEnvironment, PROGRAM } from './processes.ts';

/** How the built program ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `hutong <arguments>` as a user would, to its end. */
export function runHutong(
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...cleanEnvironment(), ...settings };
    const child = spawn(process.execPath, [PROGRAM, ...args], { env });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, err }));
  });
}
