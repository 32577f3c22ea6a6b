import type { Collection, SandboxStore } from '../../store.ts';

/** Sellers under a platform (direct payment): applications, uploaded pictures, who is in. */
export type ReviewState = 'reviewing' | 'passed' | 'rejected';

export interface Application {
  readonly order_id: string;
  readonly app_id: string;
  /** The platform's own merchant number. */
  readonly platform: string;
  readonly external_id: string;
  readonly kind: 'ZHIFUTONG_CREATE' | 'ZHIFUTONG_MODIFY';
  readonly name: string;
  readonly alias: string;
  /** Fields as they came, personal data cut. */
  readonly digest: string;
  readonly has_card: boolean;
  readonly at: number;
  /** When the wallet decides by itself. */
  readonly decides_at: number;
  state: ReviewState;
  smid: string | null;
  card_alias_no: string | null;
  memo: string | null;
}

/** A seller that a platform may collect for. */
export interface DirectSeller {
  readonly smid: string;
  readonly platform: string;
  readonly name: string;
  readonly alias: string;
  readonly card_alias_no: string | null;
}

export interface DirectBook {
  readonly applications: Collection<Application>;
  readonly sellers: Collection<DirectSeller>;
  readonly images: Collection<{ image_id: string; app_id: string; bytes: number; sha256: string }>;
}

export function openDirectBook(store: SandboxStore): DirectBook {
  return {
    applications: store.collection<Application>('direct_applications'),
    sellers: store.collection<DirectSeller>('direct_sellers'),
    images: store.collection('direct_images'),
  };
}
