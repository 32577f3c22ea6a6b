import { chmod, readFile, rename, writeFile } from 'node:fs/promises';

/** Files that hold keys: readable by their owner alone, and whole or not there. */
export async function readOptional(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function writePrivate(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}

export async function writePrivateJson(file: string, value: unknown): Promise<void> {
  await writePrivate(file, `${JSON.stringify(value, null, 2)}\n`);
}

/** Undefined when there is no such file; an Error that names it when it is no list of the form. */
export async function readList<T>(
  file: string,
  isEntry: (value: unknown) => value is T,
): Promise<T[] | undefined> {
  const text = await readOptional(file);
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (Array.isArray(value) && value.every(isEntry)) return value;
  throw damaged(file);
}

export function damaged(file: string): Error {
  return new Error(`the sandbox keys ${file} are damaged: remove them to make new ones`);
}
