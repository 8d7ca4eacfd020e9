// Toasts at the foot of the page. An undo toast stays as long as the undo is possible.
import { useEffect, useSyncExternalStore } from 'react';
import { useText } from '@/text/index.ts';
import { CloseIcon, kIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { useNow } from '@/ui/useNow.ts';

export type Toast = {
  id: number;
  text: string;
  bad?: boolean;
  /** Milliseconds since the epoch when the toast goes by itself. */
  until: number;
  undo?: () => void;
};

let toasts: Toast[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function publish(next: Toast[]) {
  toasts = next;
  for (const listener of listeners) listener();
}

export function toast(
  text: string,
  options: { bad?: boolean; ms?: number; undo?: () => void } = {},
) {
  const { bad = false, ms = options.undo ? 30_000 : 6_000, undo } = options;
  const made: Toast = {
    id: nextId++,
    text,
    bad,
    until: Date.now() + ms,
    ...(undo ? { undo } : {}),
  };
  // The newest undo is the one that `z` reaches; older toasts stay readable above it.
  publish([...toasts.slice(-2), made]);
  return made.id;
}

export function dismiss(id: number) {
  publish(toasts.filter((each) => each.id !== id));
}

export function undoLast(): boolean {
  const last = [...toasts].reverse().find((each) => each.undo && each.until > Date.now());
  if (!last) return false;
  dismiss(last.id);
  last.undo?.();
  return true;
}

export function Toasts() {
  const { t } = useText();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  useKeys([{ key: 'z', label: t('keys.undo'), group: t('keys.groupAct'), run: () => undoLast() }]);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map((each) => (
        <Row key={each.id} toast={each} />
      ))}
    </div>
  );
}

function Row({ toast: each }: { toast: Toast }) {
  const { t } = useText();
  const now = useNow();
  useEffect(() => {
    const timer = setTimeout(() => dismiss(each.id), Math.max(0, each.until - Date.now()));
    return () => clearTimeout(timer);
  }, [each]);
  const left = Math.max(0, Math.ceil((each.until - now) / 1000));
  return (
    <div className={each.bad ? 'toast bad' : 'toast'}>
      <span>{each.text}</span>
      {each.undo && (
        <>
          <Button
            size="mid"
            shortcut="Z"
            onClick={() => {
              dismiss(each.id);
              each.undo?.();
            }}
          >
            {t('action.undo')}
          </Button>
          <span className="meta num" aria-hidden="true" style={{ minWidth: 32 }}>
            {left} s
          </span>
        </>
      )}
      <IconButton label={t('action.close')} onClick={() => dismiss(each.id)}>
        <CloseIcon {...kIcon} />
      </IconButton>
    </div>
  );
}
