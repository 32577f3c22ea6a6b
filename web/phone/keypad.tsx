import type { Say } from '../design/language.ts';
import type { PhoneKey } from './words.ts';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '', '0', '⌫'] as const;

/** Shown by the script only; without it the field takes digits from the keyboard. */
export function Keypad({ say }: { say: Say<PhoneKey> }) {
  return (
    <div class="keypad" data-keypad hidden>
      {KEYS.map((key) =>
        key === '' ? (
          <span></span>
        ) : (
          <button
            type="button"
            data-key={key === '⌫' ? 'delete' : key}
            aria-label={key === '⌫' ? say('delete_digit') : key}
          >
            {key}
          </button>
        ),
      )}
    </div>
  );
}
