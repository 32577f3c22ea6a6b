import type { Letter, Said, Voice } from './wallet-voice.ts';

/** One way of lying to the hub, and the reason it must be recorded under. */
export interface Attack {
  readonly name: string;
  readonly reason:
    | 'signature'
    | 'stale'
    | 'unknown_key'
    | 'decrypt'
    | 'malformed'
    | 'wrong_account';
  readonly forge: (voice: Voice, said: Said) => Promise<Letter>;
}

const SECOND = 1_000;
export function withBody({ headers }: Letter, body: Buffer | string): Letter {
  return { headers, body: Buffer.from(body) };
}

export function withHeaders(letter: Letter, headers: Record<string, string>): Letter {
  return { ...letter, headers: { ...letter.headers, ...headers } };
}

/** The letter with one field of its form changed, or left out. */
export function withField(letter: Letter, name: string, value: string | undefined): Letter {
  const form = new URLSearchParams(letter.body.toString('utf8'));
  if (value === undefined) form.delete(name);
  else form.set(name, value);
  return withBody(letter, form.toString());
}

type Fields = Record<string, unknown>;
export const set = (name: string, value: unknown) => (fields: Fields) => ({
  ...fields,
  [name]: value,
});

export function without(name: string): (fields: Fields) => Fields {
  return ({ [name]: _gone, ...rest }) => rest;
}

export function headerAttack(
  name: string,
  header: string,
  value: string,
  reason: Attack['reason'],
) {
  return {
    name,
    reason,
    forge: async (voice: Voice, said: Said) =>
      withHeaders(await voice.letter(said), { [header]: value }),
  };
}

export const contentAttack = (
  name: string,
  reason: Attack['reason'],
  content: (fields: Fields) => Fields,
): Attack => ({ name, reason, forge: (voice, said) => voice.letter(said, { content }) });

export const envelopeAttack = (
  name: string,
  reason: Attack['reason'],
  envelope: (text: string) => string,
): Attack => ({ name, reason, forge: (voice, said) => voice.letter(said, { envelope }) });

export const shifted = (seconds: number) => new Date(Date.now() + seconds * SECOND);

export function fieldAttack(name: string, field: string, value: string | undefined): Attack {
  return {
    name,
    reason: 'signature',
    forge: async (voice, said) => withField(await voice.letter(said), field, value),
  };
}
