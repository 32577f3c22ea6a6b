import { afterAll } from 'vitest';
import { dropTestDatabases } from './database.ts';

/** Runs before each test file, so its hook comes after every hook of the file itself. */
afterAll(dropTestDatabases);
