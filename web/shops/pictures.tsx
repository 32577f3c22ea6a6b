import type { Child } from 'hono/jsx';

/** Line drawings of the goods in the shop's own colour: `ink` lines, `wash` and `shop` fills. */
const DRAWINGS = {
  mug: (
    <>
      <path class="wash" d="M34 44h44v34a14 14 0 0 1-14 14H48a14 14 0 0 1-14-14z" />
      <path
        class="line"
        d="M34 44h44v34a14 14 0 0 1-14 14H48a14 14 0 0 1-14-14zM78 52h8a10 10 0 0 1 0 22h-8M34 58h44"
      />
      <path class="line" d="M48 34c0-5 5-5 5-10M60 34c0-5 5-5 5-10" />
    </>
  ),
  lamp: (
    <>
      <path class="wash" d="M42 24h36l12 38H30z" />
      <path
        class="line"
        d="M42 24h36l12 38H30zM38 37h44M34 50h52M52 24l-6 38M68 24l6 38M60 62v30M42 94h36"
      />
    </>
  ),
  letters: (
    <>
      <path class="wash" d="M26 46h56v42H26z" />
      <path class="line" d="M38 46V26h56v42H82M26 46h56v42H26zM26 46l28 22 28-22M46 34h40" />
    </>
  ),
  sticker: (
    <>
      <path class="wash" d="M28 28h28v64H28zM64 28h28v64H64z" />
      <path class="line" d="M28 28h28v64H28zM64 28h28v64H64zM36 40h12M36 80h12M72 40h12M72 80h12" />
      <circle class="fill" cx="42" cy="60" r="9" />
      <circle class="fill" cx="78" cy="60" r="9" />
    </>
  ),
  towels: (
    <>
      <path class="wash" d="M26 70h68v20H26zM32 50h56v20H32zM38 30h44v20H38z" />
      <path
        class="line"
        d="M26 70h68v20H26zM32 50h56v20H32zM38 30h44v20H38zM46 37h20M40 57h24M34 77h30"
      />
    </>
  ),
  umbrella: (
    <>
      <path
        class="wash"
        d="M22 62a38 38 0 0 1 76 0c-6-7-13-7-19 0-6-7-13-7-19 0-6-7-13-7-19 0-6-7-13-7-19 0z"
      />
      <path
        class="line"
        d="M22 62a38 38 0 0 1 76 0c-6-7-13-7-19 0-6-7-13-7-19 0-6-7-13-7-19 0-6-7-13-7-19 0zM60 18v6M60 62v26a8 8 0 0 1-16 0"
      />
    </>
  ),
  slippers: (
    <>
      <path
        class="wash"
        d="M28 84c-4-16 0-44 14-44s16 28 12 44c-2 8-24 8-26 0zM66 84c-4-16 0-44 14-44s16 28 12 44c-2 8-24 8-26 0z"
      />
      <path
        class="line"
        d="M28 84c-4-16 0-44 14-44s16 28 12 44c-2 8-24 8-26 0zM66 84c-4-16 0-44 14-44s16 28 12 44c-2 8-24 8-26 0zM28 58c8 6 20 6 27 0M66 58c8 6 20 6 27 0"
      />
    </>
  ),
  cooker: (
    <>
      <path class="wash" d="M26 46h68v30a16 16 0 0 1-16 16H42a16 16 0 0 1-16-16z" />
      <path
        class="line"
        d="M26 46h68v30a16 16 0 0 1-16 16H42a16 16 0 0 1-16-16zM30 46c2-12 14-18 30-18s28 6 30 18M54 22h12M18 56h8M94 56h8"
      />
      <circle class="fill" cx="60" cy="70" r="7" />
    </>
  ),
  quilt: (
    <>
      <path class="wash" d="M24 34h72v52H24z" />
      <path class="line" d="M24 34h72v52H24zM24 51h72M24 69h72M48 34v52M72 34v52" />
      <path class="fill" d="M24 34h24v17H24zM72 51h24v18H72zM48 69h24v17H48z" />
    </>
  ),
  cream: (
    <>
      <path class="wash" d="M42 28h36l-5 50H47z" />
      <path class="line" d="M42 28h36l-5 50H47zM49 78h22v14H49zM42 34h36" />
      <path
        class="fill"
        d="M60 44c4 4 4 8 0 12-4-4-4-8 0-12zM52 52c5 0 8 2 8 6-5 0-8-2-8-6zM68 52c-5 0-8 2-8 6 5 0 8-2 8-6z"
      />
    </>
  ),
  headphones: (
    <>
      <path class="line" d="M28 66a32 32 0 0 1 64 0" />
      <path class="wash" d="M24 62h14v28H30a6 6 0 0 1-6-6zM82 62h14v22a6 6 0 0 1-6 6h-8z" />
      <path class="line" d="M24 62h14v28H30a6 6 0 0 1-6-6zM82 62h14v22a6 6 0 0 1-6 6h-8z" />
    </>
  ),
  charger: (
    <>
      <path class="wash" d="M36 42h48v48H36z" />
      <path class="line" d="M36 42h48v48H36zM50 42V26M70 42V26" />
      <path class="fill" d="M62 50 50 70h9l-3 14 14-20h-9l3-14z" />
    </>
  ),
  camera: (
    <>
      <path class="wash" d="M24 42h72v44H24z" />
      <path class="line" d="M24 42h72v44H24zM44 42l5-10h22l5 10M32 50h8" />
      <circle class="line" cx="60" cy="64" r="15" />
      <circle class="fill" cx="60" cy="64" r="7" />
    </>
  ),
} as const satisfies Record<string, Child>;

export type PictureName = keyof typeof DRAWINGS;

export function Picture({ name }: { name: PictureName }) {
  return (
    <svg class="picture" viewBox="0 0 120 116" aria-hidden="true" focusable="false">
      {DRAWINGS[name]}
    </svg>
  );
}
