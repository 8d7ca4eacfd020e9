import { useText } from '@/text/index.ts';
import { countdown, duration, tooltipTime } from '@/ui/format.ts';
import { useNow } from '@/ui/useNow.ts';

export type ClockState = 'normal' | 'soon' | 'over';

/** Soon: at most 15 minutes or a quarter of the whole time left. */
export function clockState(left: number, total: number): ClockState {
  if (left <= 0) return 'over';
  return left <= 15 * 60_000 || left <= total / 4 ? 'soon' : 'normal';
}

export function Ring({
  share,
  state,
  size = 14,
}: {
  share: number;
  state: ClockState;
  size?: number;
}) {
  const width = size >= 24 ? 2 : 2;
  const r = size / 2 - width / 2 - 0.5;
  const round = 2 * Math.PI * r;
  const colour =
    state === 'over' ? 'var(--critical)' : state === 'soon' ? 'var(--high)' : 'var(--dim)';
  const filled = state === 'over' ? 1 : Math.min(1, Math.max(0, share));
  return (
    <svg width={size} height={size} aria-hidden="true">
      <circle
        cx={size / 2}
        cy={size / 2}
        r={r}
        fill="none"
        stroke="var(--line2)"
        strokeWidth={width}
      />
      <circle
        cx={size / 2}
        cy={size / 2}
        r={r}
        fill="none"
        stroke={colour}
        strokeWidth={width}
        strokeDasharray={`${round * filled} ${round}`}
        transform={`rotate(-90 ${size / 2} ${size / 2})`}
      />
    </svg>
  );
}

/** A clock that runs down: "00:13" in a row, "Còn 13 phút để nhận" in a record's head. */
export function Deadline({
  from,
  due,
  kind = 'acknowledge',
  long = false,
}: {
  from: string;
  due: string;
  kind?: 'acknowledge' | 'close';
  long?: boolean;
}) {
  const { t } = useText();
  const now = useNow(1000);
  const end = new Date(due).getTime();
  const total = Math.max(1, end - new Date(from).getTime());
  const left = end - now;
  const state = clockState(left, total);
  const tone = state === 'over' ? 'c-critical' : state === 'soon' ? 'c-high' : '';
  const words =
    state === 'over'
      ? t('clock.over', { span: duration(-left) })
      : long
        ? t(kind === 'close' ? 'clock.leftToClose' : 'clock.leftToTake', {
            span: duration(Math.max(left, 60_000)),
          })
        : countdown(left);
  return (
    <time
      className={`deadline num ${tone}`}
      dateTime={due}
      title={tooltipTime(due)}
      style={{ fontWeight: state === 'over' ? 500 : undefined }}
    >
      <Ring share={left / total} state={state} />
      {words}
    </time>
  );
}
