// A menu at a place on the page, for tables with thousands of values: one menu, many anchors. Its
// shortcuts work while it is open; arrows move, Escape and a click outside close, focus goes back.
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useKeys } from '@/ui/keys.ts';
import type { MenuEntry } from '@/ui/Menu.tsx';
import { Kbd } from '@/ui/parts.tsx';

export type Anchor = { rect: DOMRect; element: HTMLElement };

const kWidth = 280;
const kMargin = 8;

export function PopMenu({
  anchor,
  label,
  head,
  entries,
  onClose,
}: {
  anchor: Anchor;
  label: string;
  head: ReactNode;
  entries: MenuEntry[];
  onClose: () => void;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(anchor.rect.bottom + 4);
  const close = () => {
    onClose();
    anchor.element.focus({ preventScroll: true });
  };
  const items = () => [
    ...(box.current?.querySelectorAll<HTMLButtonElement>('[role=menuitem]') ?? []),
  ];
  const move = (by: number) => {
    const all = items();
    const at = all.indexOf(document.activeElement as HTMLButtonElement);
    all[(at + by + all.length) % all.length]?.focus();
  };
  useLayoutEffect(() => {
    const height = box.current?.offsetHeight ?? 0;
    const below = anchor.rect.bottom + 4;
    setTop(
      below + height + kMargin > window.innerHeight
        ? Math.max(kMargin, anchor.rect.top - 4 - height)
        : below,
    );
    box.current?.querySelector<HTMLButtonElement>('[role=menuitem]')?.focus();
    anchor.element.setAttribute('aria-expanded', 'true');
    return () => anchor.element.removeAttribute('aria-expanded');
  }, [anchor]);
  useEffect(() => {
    const outside = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) onClose();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [onClose]);
  const quiet = { label: '', group: '' };
  useKeys(
    [
      { key: 'Escape', ...quiet, run: close },
      { key: 'Tab', ...quiet, run: close },
      { key: 'ArrowDown', ...quiet, run: () => move(1) },
      { key: 'ArrowUp', ...quiet, run: () => move(-1) },
      ...entries.flatMap((entry) =>
        entry !== 'line' && 'run' in entry && entry.shortcut
          ? [
              {
                key: entry.shortcut.toLowerCase(),
                ...quiet,
                run: () => {
                  close();
                  entry.run();
                },
              },
            ]
          : [],
      ),
    ],
    { modal: true },
  );
  return createPortal(
    <div
      ref={box}
      role="menu"
      aria-label={label}
      className="menu popmenu"
      style={{
        position: 'fixed',
        zIndex: 320,
        width: Math.min(kWidth, window.innerWidth - 2 * kMargin),
        top,
        left: Math.max(kMargin, Math.min(anchor.rect.left, window.innerWidth - kWidth - kMargin)),
      }}
    >
      <div className="pivot-head">{head}</div>
      {entries.map((entry, at) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: a divider has no name of its own
        if (entry === 'line') return <hr key={at} className="menu-line" />;
        if ('heading' in entry) {
          return (
            <p key={entry.heading} className="menu-label">
              {entry.heading}
            </p>
          );
        }
        return (
          <button
            key={entry.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className="menu-item"
            onClick={() => {
              close();
              entry.run();
            }}
          >
            {entry.icon}
            <span className="grow">{entry.label}</span>
            {entry.shortcut && <Kbd>{entry.shortcut}</Kbd>}
          </button>
        );
      })}
    </div>,
    document.body,
  );
}
