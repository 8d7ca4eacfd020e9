import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { fold } from '@/ui/format.ts';
import { kIcon, SearchIcon } from '@/ui/icons.ts';
import { Kbd } from '@/ui/parts.tsx';

export type Command = { label: string; hint?: string; run: () => void };

/** Ctrl K: type a few letters, with or without marks, and go. */
export function CommandMenu({
  opened,
  onClose,
  commands,
  onSearch,
}: {
  opened: boolean;
  onClose: () => void;
  commands: Command[];
  onSearch: (text: string) => void;
}) {
  const { t } = useText();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const list = useId();
  const chosen = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (opened) {
      setText('');
      setAt(0);
    }
  }, [opened]);
  const found = useMemo(() => {
    const wanted = fold(text.trim());
    const hits = commands.filter((each) => fold(each.label).includes(wanted));
    if (wanted) {
      const query = text.trim().normalize('NFC');
      hits.push({ label: t('palette.search', { text: query }), run: () => onSearch(query) });
    }
    return hits;
  }, [commands, text, onSearch, t]);
  const active = Math.min(at, Math.max(0, found.length - 1));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen row moved
  useEffect(() => {
    chosen.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  const go = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    command.run();
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={t('palette.title')} width={560} bare>
      <div className="palette">
        <div className="field">
          <SearchIcon {...kIcon} />
          <input
            data-autofocus
            role="combobox"
            aria-expanded="true"
            aria-controls={list}
            aria-activedescendant={found.length > 0 ? `${list}-${active}` : undefined}
            aria-label={t('palette.title')}
            placeholder={t('palette.hint')}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={(event) => {
              if (event.nativeEvent.isComposing) return;
              const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
              if (step) {
                event.preventDefault();
                setAt((active + step + found.length) % Math.max(1, found.length));
              } else if (event.key === 'Enter') {
                event.preventDefault();
                go(found[active]);
              }
            }}
          />
        </div>
        <ul id={list} role="listbox" aria-label={t('palette.title')} className="scroll">
          {found.map((command, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the text field above holds the keys
            <li
              key={command.label}
              id={`${list}-${index}`}
              ref={index === active ? chosen : undefined}
              role="option"
              aria-selected={index === active}
              className="menu-item"
              onClick={() => go(command)}
            >
              <span className="grow cut">{command.label}</span>
              {command.hint?.split(' ').map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
