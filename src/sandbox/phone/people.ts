import type { Person } from '../sandbox.ts';

/**
 * Who holds the sandbox phones. Every wallet starts the last of them with a single yuan, so that
 * "insufficient balance" can be tried without any setting.
 */
export const PEOPLE: readonly Person[] = [
  { id: 'lin-xia', name: { zh: '林夏', en: 'Lin Xia' } },
  { id: 'chen-yu', name: { zh: '陈宇', en: 'Chen Yu' } },
  { id: 'wang-min', name: { zh: '王敏', en: 'Wang Min' } },
  { id: 'zhou-ping', name: { zh: '周平', en: 'Zhou Ping' } },
];
