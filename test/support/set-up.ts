import { afterAll } from 'vitest';
import { endFile } from './file-end.ts';

/** Runs before each test file, so its hook comes after every hook of the file itself. */
afterAll(endFile);
