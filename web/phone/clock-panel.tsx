import { shanghaiTime } from '../../src/clock.ts';
import { sayer } from '../design/language.ts';
import { Hand } from './hand.tsx';
import type { PhoneView } from './view.ts';
import { PHONE_WORDS } from './words.ts';

const MINUTE_MS = 60_000;
const STEPS = [
  { advance: 'PT1M', words: 'clock_1m' },
  { advance: 'PT15M', words: 'clock_15m' },
  { advance: 'PT2H', words: 'clock_2h' },
  { advance: 'P1D', words: 'clock_1d' },
] as const;

export function ClockPanel({ view }: { view: PhoneView }) {
  const say = sayer(PHONE_WORDS, view.language);
  const minutes = Math.floor(view.clock.offset_ms / MINUTE_MS);
  const ahead = say('duration', {
    days: Math.floor(minutes / 1440),
    hours: Math.floor(minutes / 60) % 24,
    minutes: minutes % 60,
  });
  return (
    <section class="sheet panel" aria-labelledby="clock-title">
      <h2 id="clock-title">{say('clock')}</h2>
      <p class="amount">
        {say('clock_now', { time: shanghaiTime(view.clock.now).slice(0, 16).replace('T', ' ') })}
      </p>
      <p class="quiet small">{minutes === 0 ? say('clock_real') : say('clock_ahead', { ahead })}</p>
      <form class="row" method="post" action="/clock">
        <Hand view={view} />
        {STEPS.map((step) => (
          <button type="submit" class="button plain" name="advance" value={step.advance}>
            {say(step.words)}
          </button>
        ))}
      </form>
      <p class="quiet small">{say('clock_help')}</p>
    </section>
  );
}
