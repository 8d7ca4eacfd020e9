import { type TextKey, useText } from '@/text/index.ts';

export type Level = 'critical' | 'high' | 'medium' | 'low' | 'info';

const kLevelKeys: Record<Level, TextKey> = {
  critical: 'level.critical',
  high: 'level.high',
  medium: 'level.medium',
  low: 'level.low',
  info: 'level.info',
};

export const kLevels: Level[] = ['info', 'low', 'medium', 'high', 'critical'];

/** What a server says, as one of ours; an unknown level is shown as information, never dropped. */
export function asLevel(text: string | null | undefined): Level {
  if (text === 'informational') return 'info';
  return kLevels.includes(text as Level) ? (text as Level) : 'info';
}

/** Octagon, triangle, square, disc, ring: severity never by colour alone. */
export function Shape({ level, size = 12 }: { level: Level; size?: number }) {
  const fill = `var(--${level}-fill)`;
  const wide = level === 'critical' ? Math.round((size * 14) / 12) : size;
  return (
    <svg width={wide} height={wide} viewBox="0 0 14 14" aria-hidden="true">
      {level === 'critical' && (
        <>
          <path fill={fill} d="M4.1 0h5.8L14 4.1v5.8L9.9 14H4.1L0 9.9V4.1z" />
          <path stroke="var(--mark-ink)" strokeWidth={1.9} strokeLinecap="round" d="M7 3.4v4" />
          <circle cx={7} cy={10.4} r={1.15} fill="var(--mark-ink)" />
        </>
      )}
      {level === 'high' && (
        <path
          fill={fill}
          stroke={fill}
          strokeWidth={1.6}
          strokeLinejoin="round"
          d="M7 2.2 12.4 11.8H1.6z"
        />
      )}
      {level === 'medium' && (
        <rect fill={fill} x={1.6} y={1.6} width={10.8} height={10.8} rx={1.2} />
      )}
      {level === 'low' && <circle fill={fill} cx={7} cy={7} r={5.2} />}
      {level === 'info' && (
        <circle fill="none" stroke={fill} strokeWidth={1.8} cx={7} cy={7} r={4.4} />
      )}
    </svg>
  );
}

export function Severity({ level, boxed = false }: { level: Level; boxed?: boolean }) {
  const { t } = useText();
  return (
    <span
      className={`sev c-${level}${boxed ? ' boxed' : ''}`}
      style={boxed ? { background: `var(--${level}-tint)` } : undefined}
    >
      <span className="shape">
        <Shape level={level} />
      </span>
      {t(kLevelKeys[level])}
    </span>
  );
}
