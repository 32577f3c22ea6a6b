import { code128 } from './code-128.ts';

const QUIET_ZONE = 10;
const HEIGHT = 60;

/** Bars as one SVG path: dark on white in both themes, because scanners want it so. */
export function Barcode({ digits, label }: { digits: string; label: string }) {
  const { width, bars } = code128(digits);
  const whole = width + 2 * QUIET_ZONE;
  const path = bars.map(([start, wide]) => `M${start + QUIET_ZONE} 0h${wide}v${HEIGHT}h-${wide}z`);
  return (
    <svg
      class="barcode"
      viewBox={`0 0 ${whole} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <rect width={whole} height={HEIGHT} fill="#fff" />
      <path d={path.join('')} fill="#17191b" shape-rendering="crispEdges" />
    </svg>
  );
}
