import type { Command } from 'commander';
import { runMarketDay } from './market-day.ts';
import { runOrders } from './orders.ts';
import { openStage } from './stage.ts';

/** `hutong demo`: what `npm start` leaves, tried without a browser. */
export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('buy one order through each wallet and presentation, and print what happened')
    .option('--times <n>', 'how many orders of each kind', '1')
    .option('--market', "instead, a marketplace's day: escrow, splits, settlement, payout, bill")
    .action(async (options: { times: string; market?: true }) => {
      const times = Number.parseInt(options.times, 10);
      if (!/^\d{1,4}$/.test(options.times) || times < 1 || times > 1_000) {
        throw new Error('--times takes a whole number from 1 to 1000');
      }
      const stage = openStage();
      process.exitCode = options.market ? await runMarketDay(stage) : await runOrders(stage, times);
    });
}
