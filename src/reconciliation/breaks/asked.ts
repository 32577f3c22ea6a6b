/** What a wallet says when it is asked about a break. */
export interface Asked {
  readonly agrees: boolean;
  readonly said: string;
}

/** A question that brought no fact. */
export function unsaid(
  answer:
    | { readonly kind: 'not_found' | 'unknown' }
    | { readonly kind: 'refused'; readonly code: string },
  what: string,
): Asked {
  return { agrees: false, said: reasonOf(answer, what) };
}

function reasonOf(answer: Parameters<typeof unsaid>[0], what: string): string {
  switch (answer.kind) {
    case 'not_found':
      return `the wallet knows no such ${what}`;
    case 'refused':
      return `the wallet refused: ${answer.code}`;
    case 'unknown':
      return 'the wallet did not answer';
    default:
      return answer satisfies never;
  }
}
