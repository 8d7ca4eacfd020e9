import { useState } from 'react';
import { useText } from '@/text/index.ts';
import { fold, number } from '@/ui/format.ts';
import { CloseIcon, FilterIcon, kIcon, PlusIcon, SidebarIcon } from '@/ui/icons.ts';
import { IconButton } from '@/ui/parts.tsx';
import { Failed, SkeletonRows } from '@/ui/states.tsx';
import type { EventSearch } from './address.ts';
import { type Field, useTopValues } from './queries.ts';

const kKinds: Record<string, string> = {
  time: 't',
  ip: 'ip',
  integer: '#',
  float: '#',
  bool: '?',
  list: '[]',
};
const kTopShown = 5;
const kTopMore = 50;

export function FieldList({
  fields,
  columns,
  seen,
  search,
  run,
  onColumns,
  onPivot,
  onHide,
}: {
  fields: Field[];
  columns: string[];
  /** Fields of the rows at hand, with the number of different values among them. */
  seen: ReadonlyMap<string, number>;
  search: EventSearch;
  run: number;
  onColumns: (columns: string[]) => void;
  onPivot: (element: HTMLElement, field: string, value: string, count?: number) => void;
  onHide: () => void;
}) {
  const { t } = useText();
  const [wanted, setWanted] = useState('');
  const [open, setOpen] = useState<string | null>(null);
  const kinds = new Map(fields.map((field) => [field.name, field.type]));
  const meanings = new Map(fields.map((field) => [field.name, field.meaning]));
  const fits = (name: string) => fold(name).includes(fold(wanted));
  const shown = ['@timestamp', ...columns].filter(fits);
  const inResult = [...seen.keys()]
    .filter((name) => !columns.includes(name) && name !== '@timestamp' && fits(name))
    .sort();
  const row = (name: string, on: boolean) => (
    <li key={name}>
      <div className="ffield" data-open={open === name}>
        <span className="kind" aria-hidden="true">
          {kKinds[kinds.get(name) ?? ''] ?? 'a'}
        </span>
        <button
          type="button"
          className="cut"
          title={meanings.get(name) ? `${name}: ${meanings.get(name)}` : name}
          aria-expanded={open === name}
          onClick={() => setOpen(open === name ? null : name)}
        >
          {name}
        </button>
        <span style={{ display: 'inline-flex', alignItems: 'center', gap: 6 }}>
          {seen.has(name) && <span className="meta num">{number(seen.get(name))}</span>}
          {name !== '@timestamp' && (
            <button
              type="button"
              className="pick"
              aria-label={t(on ? 'find.removeColumn' : 'find.addColumn', { name })}
              title={t(on ? 'find.removeColumn' : 'find.addColumn', { name })}
              onClick={() =>
                onColumns(on ? columns.filter((each) => each !== name) : [...columns, name])
              }
            >
              {on ? (
                <CloseIcon size={12} stroke={1.6} aria-hidden />
              ) : (
                <PlusIcon size={12} stroke={1.6} aria-hidden />
              )}
            </button>
          )}
        </span>
      </div>
      {open === name && name !== '@timestamp' && (
        <TopValues field={name} search={search} run={run} onPivot={onPivot} />
      )}
    </li>
  );
  return (
    <aside className="find-fields" aria-label={t('find.fields')}>
      <div className="top-line">
        <FilterIcon {...kIcon} />
        <input
          aria-label={t('find.filterFields')}
          placeholder={t('find.filterFields')}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
        <IconButton label={t('find.hideFields')} onClick={onHide}>
          <SidebarIcon {...kIcon} />
        </IconButton>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="scroll" style={{ flex: 1, minHeight: 0, paddingBottom: 16 }} tabIndex={0}>
        <h3>
          {t('find.shown')} <span className="num">{number(shown.length)}</span>
        </h3>
        <ul>{shown.map((name) => row(name, true))}</ul>
        {inResult.length > 0 && (
          <>
            <h3>
              {t('find.inResult')} <span className="num">{number(inResult.length)}</span>
            </h3>
            <ul>{inResult.map((name) => row(name, false))}</ul>
          </>
        )}
      </div>
    </aside>
  );
}

function TopValues({
  field,
  search,
  run,
  onPivot,
}: {
  field: string;
  search: EventSearch;
  run: number;
  onPivot: (element: HTMLElement, field: string, value: string, count?: number) => void;
}) {
  const { t } = useText();
  const top = useTopValues(search, run, field);
  const [more, setMore] = useState(false);
  if (top.isPending) return <SkeletonRows columns="1fr" rows={3} height={24} padding={34} />;
  if (top.isError) {
    return <Failed what={t('find.topFailed')} error={top.error} retry={() => void top.refetch()} />;
  }
  const values = top.data.facets?.find((facet) => facet.field === field)?.values ?? [];
  if (values.length === 0) {
    return (
      <p className="tops meta" style={{ marginTop: 2 }}>
        {t('find.topNone')}
      </p>
    );
  }
  const max = Math.max(...values.map((each) => each.count));
  return (
    <div className="tops">
      <ul>
        {values.slice(0, more ? kTopMore : kTopShown).map((each) => (
          <li key={each.value}>
            <button
              type="button"
              className="line"
              data-pivot
              onClick={(event) => onPivot(event.currentTarget, field, each.value, each.count)}
            >
              <span className="cut" title={each.value}>
                {each.value === '' ? '""' : each.value}
              </span>
              <b>{number(each.count)}</b>
            </button>
            <div className="bar" aria-hidden="true">
              <i style={{ width: `${(each.count / max) * 100}%` }} />
            </div>
          </li>
        ))}
      </ul>
      {values.length > kTopShown && (
        <button
          type="button"
          className="link"
          style={{ fontSize: 12 }}
          onClick={() => setMore(!more)}
        >
          {more ? t('find.topLess') : t('find.topMore', { n: number(values.length) })}
        </button>
      )}
    </div>
  );
}
