// The states every list and panel can be in: loading, three kinds of empty, failed, denied.
import { type ReactNode, useEffect, useState } from 'react';
import { useText } from '@/text/index.ts';
import { EmptyIcon, FilterIcon, kIcon, LockIcon, SilentIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { Shape } from '@/ui/Severity.tsx';

/** True once `on` has lasted 150 ms, so that fast answers never flash a skeleton. */
export function useDelayed(on: boolean, ms = 150): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!on) {
      setLate(false);
      return;
    }
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [on, ms]);
  return on && late;
}

const kWidths = [62, 78, 54, 70, 46, 66, 58, 74];

/** Bars where the text of the rows will stand. `columns` is the grid of the real rows. */
export function SkeletonRows({
  columns,
  rows = 8,
  height = 36,
  padding = 16,
  gap = 10,
}: {
  columns: string;
  rows?: number;
  height?: number;
  padding?: number;
  gap?: number;
}) {
  const { t } = useText();
  const show = useDelayed(true);
  const cells = columns.split(/\s+(?![^(]*\))/).length;
  return (
    <div role="status" aria-label={t('state.loading')}>
      {show &&
        Array.from({ length: rows }, (_, row) => (
          <div
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
            key={row}
            style={{
              display: 'grid',
              gridTemplateColumns: columns,
              gap,
              alignItems: 'center',
              height,
              padding: `0 ${padding}px`,
              borderBottom: '1px solid var(--line)',
            }}
          >
            {Array.from({ length: cells }, (_, cell) => (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: the cells are all alike
                key={cell}
                className="bone"
                style={{ width: `${kWidths[(row + cell * 3) % kWidths.length]}%` }}
              />
            ))}
          </div>
        ))}
    </div>
  );
}

export type EmptyKind = 'nothing' | 'filtered' | 'noData';

export function Empty({
  kind,
  title,
  detail,
  action,
}: {
  kind: EmptyKind;
  title: string;
  detail?: ReactNode;
  action?: { label: string; run: () => void };
}) {
  const Icon = kind === 'nothing' ? EmptyIcon : kind === 'filtered' ? FilterIcon : SilentIcon;
  return (
    <div className="state" data-empty={kind}>
      <Icon {...kIcon} />
      <p>{title}</p>
      {detail && <p className="dim">{detail}</p>}
      {action && <Button onClick={action.run}>{action.label}</Button>}
    </div>
  );
}

/** What any failed request can say about itself. */
export type Fault = {
  status: number;
  code: string;
  message: string;
  requestId?: string | undefined;
  right?: string | undefined;
};

export function asFault(error: unknown): Fault {
  if (error && typeof error === 'object' && 'status' in error && 'code' in error) {
    return error as Fault;
  }
  return { status: 0, code: 'unknown', message: error instanceof Error ? error.message : '' };
}

/** Messages of the server have no full stop; here they stand beside other sentences. */
function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

export function Failed({
  what,
  error,
  retry,
  unaffected,
}: {
  /** What could not be shown, as a whole sentence. */
  what: string;
  error: unknown;
  retry?: (() => void) | undefined;
  /** What still works, as a whole sentence. */
  unaffected?: string;
}) {
  const { t } = useText();
  const fault = asFault(error);
  if (fault.status === 403) {
    return (
      <div className="state" role="alert">
        <LockIcon {...kIcon} />
        <p>{t('state.denied')}</p>
        <p className="dim">
          {fault.right ? t('state.deniedRight', { right: fault.right }) : fault.message}{' '}
          {t('state.deniedWho')}
        </p>
      </div>
    );
  }
  return (
    <div className="state" role="alert">
      <svg width={16} height={16} viewBox="-1 -1 16 16" aria-hidden="true">
        <title>!</title>
        <Shape level="high" size={14} />
      </svg>
      <p>{what}</p>
      <p className="dim">
        {fault.status === 0
          ? t('state.noAnswer')
          : sentence(fault.message || t('state.serverFault'))}{' '}
        {unaffected}
      </p>
      {fault.requestId && (
        <p className="meta">
          {t('state.faultId')} <code className="mono">{fault.requestId}</code>
        </p>
      )}
      {retry && <Button onClick={retry}>{t('state.retry')}</Button>}
    </div>
  );
}
