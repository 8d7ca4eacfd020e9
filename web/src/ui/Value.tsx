import { useState } from 'react';
import { useText } from '@/text/index.ts';
import { CopyIcon, kIcon } from '@/ui/icons.ts';
import type { MenuEntry } from '@/ui/Menu.tsx';
import { type Anchor, PopMenu } from '@/ui/PopMenu.tsx';
import { toast } from '@/ui/toasts.tsx';

export async function copyText(text: string, said: string) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said);
  } catch {
    // No clipboard (plain HTTP or refused): show it, so that it can be selected.
    toast(text);
  }
}

/** A value that opens the pivot menu: what can be done with it from here. */
export function Value({
  text,
  field,
  entries,
  marked = false,
  mono = true,
}: {
  text: string;
  field: string;
  entries: MenuEntry[];
  marked?: boolean;
  mono?: boolean;
}) {
  const { t } = useText();
  const [anchor, setAnchor] = useState<Anchor | null>(null);
  const shown = text === '' ? '""' : text;
  return (
    <>
      <button
        type="button"
        className={`value${mono ? ' mono' : ''}`}
        title={shown}
        aria-haspopup="menu"
        data-pivot
        onClick={(event) => {
          const element = event.currentTarget;
          setAnchor({ rect: element.getBoundingClientRect(), element });
        }}
      >
        {marked ? <mark>{shown}</mark> : shown}
      </button>
      {anchor && (
        <PopMenu
          anchor={anchor}
          label={`${field}: ${shown}`}
          onClose={() => setAnchor(null)}
          head={
            <>
              <p className="mono cut strong">{shown}</p>
              <p className="meta cut">{field}</p>
            </>
          }
          entries={[
            ...entries,
            'line',
            {
              label: t('action.copy'),
              icon: <CopyIcon {...kIcon} />,
              shortcut: 'Y',
              run: () => void copyText(text, t('action.copied')),
            },
          ]}
        />
      )}
    </>
  );
}
