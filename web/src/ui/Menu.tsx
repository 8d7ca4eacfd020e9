import { Menu as Base } from '@mantine/core';
import type { ReactElement, ReactNode } from 'react';
import { Kbd } from '@/ui/parts.tsx';

export type MenuEntry =
  | {
      label: string;
      run: () => void;
      icon?: ReactNode;
      aside?: ReactNode;
      shortcut?: string;
      chosen?: boolean;
      disabled?: boolean;
    }
  | { heading: string }
  | 'line';

/** A menu under its button: arrow keys, Escape and outside click come from the component library. */
export function Menu({
  trigger,
  entries,
  head,
  width = 240,
  opened,
  onChange,
  position = 'bottom-start',
}: {
  trigger: ReactElement;
  entries: MenuEntry[];
  head?: ReactNode;
  width?: number;
  opened?: boolean;
  onChange?: (opened: boolean) => void;
  position?: 'bottom-start' | 'bottom-end';
}) {
  return (
    <Base
      {...(opened === undefined ? {} : { opened })}
      {...(onChange ? { onChange } : {})}
      position={position}
      width={width}
      offset={4}
      shadow="none"
      transitionProps={{ duration: 120, transition: 'fade-down' }}
      withinPortal
      // A focusable box without a role is no child of a menu; the menu itself takes the focus.
      withInitialFocusPlaceholder={false}
      unstyled
      classNames={{
        dropdown: 'menu',
        item: 'menu-item',
        label: 'menu-label',
        divider: 'menu-line',
      }}
      styles={{ dropdown: { position: 'absolute', zIndex: 300, width } }}
    >
      <Base.Target>{trigger}</Base.Target>
      <Base.Dropdown>
        {head}
        {entries.map((entry, at) => {
          // biome-ignore lint/suspicious/noArrayIndexKey: a divider has no name of its own
          if (entry === 'line') return <Base.Divider key={at} />;
          if ('heading' in entry)
            return <Base.Label key={entry.heading}>{entry.heading}</Base.Label>;
          return (
            <Base.Item
              key={entry.label}
              onClick={entry.run}
              disabled={entry.disabled ?? false}
              data-active={entry.chosen || undefined}
            >
              <MenuRow entry={entry} />
            </Base.Item>
          );
        })}
      </Base.Dropdown>
    </Base>
  );
}

function MenuRow({
  entry,
}: {
  entry: { label: string; icon?: ReactNode; aside?: ReactNode; shortcut?: string };
}) {
  return (
    <>
      {entry.icon}
      <span className="grow">{entry.label}</span>
      {entry.aside && <span className="meta">{entry.aside}</span>}
      {entry.shortcut && <Kbd>{entry.shortcut}</Kbd>}
    </>
  );
}
