import { useState } from 'react';
import { type TextKey, type Translate, useText } from '@/text/index.ts';
import { CloseIcon, PlusIcon } from '@/ui/icons.ts';
import { Menu, type MenuEntry } from '@/ui/Menu.tsx';
import type { Level } from '@/ui/Severity.tsx';
import { kStatusKeys, type Status } from './model.ts';
import type { QueueSearch } from './search.ts';

const kLevelKeys: Record<Exclude<Level, 'info'>, TextKey> = {
  critical: 'level.critical',
  high: 'level.high',
  medium: 'level.medium',
  low: 'level.low',
};
const kFilterLevels = ['critical', 'high', 'medium', 'low'] as const;

export type Chip = { key: keyof QueueSearch; name: string; value: string };

/** The filters that are on, in words: for the chips, and for an empty list to say what hides things. */
export function chipsOf(search: QueueSearch, t: Translate, ruleName: string | undefined): Chip[] {
  const chips: Chip[] = [];
  if (search.level && search.level !== 'info') {
    const level = t(kLevelKeys[search.level]);
    chips.push({
      key: 'level',
      name: t('queue.filter.level'),
      value: search.level === 'critical' ? level : t('queue.filter.levelFrom', { level }),
    });
  }
  if (search.status) {
    chips.push({
      key: 'status',
      name: t('queue.filter.status'),
      value: t(kStatusKeys[search.status]),
    });
  }
  if (search.rule) {
    chips.push({ key: 'rule', name: t('queue.filter.rule'), value: ruleName ?? search.rule });
  }
  if (search.q) chips.push({ key: 'q', name: t('queue.filter.text'), value: search.q });
  if (search.range) {
    chips.push({
      key: 'range',
      name: t('queue.filter.time'),
      value: t(`range.${search.range}` as TextKey),
    });
  }
  return chips;
}

export function QueueFilters({
  search,
  chips,
  total,
  onChange,
}: {
  search: QueueSearch;
  chips: Chip[];
  total: string;
  onChange: (change: Partial<QueueSearch>) => void;
}) {
  const { t } = useText();
  const [typing, setTyping] = useState(false);
  const add: MenuEntry[] = [];
  if (search.tab !== 'critical') {
    add.push({ heading: t('queue.filter.level') });
    for (const level of kFilterLevels) {
      const name = t(kLevelKeys[level]);
      add.push({
        label: level === 'critical' ? name : t('queue.filter.levelFrom', { level: name }),
        chosen: search.level === level,
        run: () => onChange({ level }),
      });
    }
  }
  if (search.tab !== 'closed' && search.tab !== 'critical') {
    add.push({ heading: t('queue.filter.status') });
    for (const status of ['new', 'acknowledged'] as Status[]) {
      add.push({
        label: t(kStatusKeys[status]),
        chosen: search.status === status,
        run: () => onChange({ status }),
      });
    }
  }
  add.push('line', { label: t('queue.filter.search'), run: () => setTyping(true) });
  const fixedStatus = !search.status && search.tab !== 'closed' && search.tab !== 'critical';
  return (
    <div className="queue-filters">
      {fixedStatus && (
        <span className="chip">
          <span className="dim">{t('queue.filter.status')}</span>
          {t('queue.filter.openBoth')}
        </span>
      )}
      {chips.map((chip) => (
        <span key={chip.key} className="chip">
          <span className="dim">{chip.name}</span>
          <span className="cut" style={{ maxWidth: 220 }}>
            {chip.value}
          </span>
          <button
            type="button"
            className="x"
            aria-label={t('queue.filter.remove', { name: chip.name })}
            onClick={() => onChange({ [chip.key]: undefined })}
          >
            <CloseIcon size={14} stroke={1.6} aria-hidden />
          </button>
        </span>
      ))}
      <span className="chip">
        <span className="dim">{t('queue.filter.group')}</span>
        {t('queue.filter.groupValue')}
      </span>
      {typing ? (
        <form
          className="field"
          style={{ height: 28, width: 240 }}
          onSubmit={(event) => {
            event.preventDefault();
            const text = new FormData(event.currentTarget).get('q');
            setTyping(false);
            if (typeof text === 'string' && text.trim()) {
              onChange({ q: text.trim().normalize('NFC') });
            }
          }}
        >
          <input
            name="q"
            // biome-ignore lint/a11y/noAutofocus: the field appears because it was asked for
            autoFocus
            aria-label={t('queue.filter.search')}
            placeholder={t('queue.filter.textHint')}
            defaultValue={search.q ?? ''}
            onBlur={() => setTyping(false)}
            onKeyDown={(event) => event.key === 'Escape' && setTyping(false)}
          />
        </form>
      ) : (
        <Menu
          trigger={
            <button
              type="button"
              className="dim"
              style={{ display: 'inline-flex', alignItems: 'center', gap: 8, minHeight: 24 }}
            >
              <PlusIcon size={14} stroke={1.6} aria-hidden />
              <span style={{ fontSize: 12 }}>{t('queue.filter.add')}</span>
            </button>
          }
          entries={add}
        />
      )}
      <span className="meta num total">{total}</span>
    </div>
  );
}
