// Small bars drawn as SVG: the 48 × 16 spark of a queue row and the wide strip of a host's day.

/** Two hours a bar, so that a bar is 3 px wide. Last bar in `text`, or red when the group is critical; empty bins show as a dashed base line. */
export function Spark({
  bins,
  critical = false,
  width = 48,
  height = 16,
  label,
}: {
  bins: number[];
  critical?: boolean;
  width?: number;
  height?: number;
  label: string;
}) {
  const pairs = Array.from(
    { length: Math.ceil(bins.length / 2) },
    (_, at) => (bins[at * 2] ?? 0) + (bins[at * 2 + 1] ?? 0),
  );
  const count = Math.max(pairs.length, 1);
  const step = width / count;
  const bar = Math.max(1, step - 1);
  const max = Math.max(1, ...pairs);
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <path
        d={`M0 ${height - 0.5}H${width}`}
        stroke="var(--line2)"
        strokeDasharray="2 2"
        strokeWidth={1}
      />
      {pairs.map((value, at) => {
        if (value === 0) return null;
        const tall = Math.max(2, Math.round((value / max) * height));
        const last = at === pairs.length - 1;
        const fill = last ? (critical ? 'var(--critical-fill)' : 'var(--text)') : 'var(--chart-0)';
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
            key={at}
            x={at * step}
            y={height - tall}
            width={bar}
            height={tall}
            fill={fill}
          />
        );
      })}
    </svg>
  );
}

/** Bars over the full width of their box; `marked` bins are in the given colour. */
export function Strip({
  bins,
  marked = () => false,
  colour = 'var(--critical-fill)',
  height = 28,
  label,
}: {
  bins: number[];
  marked?: (at: number) => boolean;
  colour?: string;
  height?: number;
  label: string;
}) {
  const count = Math.max(bins.length, 1);
  const max = Math.max(1, ...bins);
  return (
    <svg
      width="100%"
      height={height}
      viewBox={`0 0 ${count * 6} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {bins.map((value, at) => {
        const tall = value === 0 ? 1 : Math.max(2, Math.round((value / max) * (height - 1)));
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bin is its place
            key={at}
            x={at * 6}
            y={height - tall}
            width={4.4}
            height={tall}
            fill={marked(at) ? colour : 'var(--chart-0)'}
          />
        );
      })}
    </svg>
  );
}

/** A source's day as a line over a filled ground; it stops where the source fell silent. */
export function SparkLine({
  bins,
  silentFrom,
  width = 124,
  height = 20,
  label,
}: {
  bins: number[];
  silentFrom?: number | undefined;
  width?: number;
  height?: number;
  label: string;
}) {
  const max = Math.max(1, ...bins);
  const step = width / Math.max(1, bins.length - 1);
  const end = silentFrom ?? bins.length;
  const points = bins
    .slice(0, end)
    .map(
      (value, at) =>
        `${(at * step).toFixed(1)} ${(height - 2 - (value / max) * (height - 4)).toFixed(1)}`,
    );
  const lastX = Math.max(0, (end - 1) * step);
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      {points.length > 0 && (
        <>
          <path
            d={`M0 ${height}L${points.join('L')}L${lastX.toFixed(1)} ${height}Z`}
            fill="var(--raised)"
          />
          <path d={`M${points.join('L')}`} fill="none" stroke="var(--chart-0)" strokeWidth={1.2} />
        </>
      )}
      {silentFrom !== undefined && (
        <>
          <path
            d={`M${lastX.toFixed(1)} 0V${height}`}
            stroke="var(--high-fill)"
            strokeDasharray="2 2"
          />
          <path
            d={`M${lastX.toFixed(1)} ${height - 1.5}H${width}`}
            stroke="var(--high-fill)"
            strokeWidth={3}
          />
        </>
      )}
    </svg>
  );
}
